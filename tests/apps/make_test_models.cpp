#include <cstdio>

#include "onnx_files.hpp"

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fputs("usage: make_test_models FOLDER [FLAWED_FILE]\n", stderr);
    return 2;
  }
  baton::testing::write_repository(argv[1]);
  if (argc == 3)
    baton::testing::write_flawed(argv[2]);
  return 0;
}
