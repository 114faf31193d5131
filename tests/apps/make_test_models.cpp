#include <cstdio>

#include "onnx_files.hpp"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: make_test_models FOLDER\n", stderr);
    return 2;
  }
  baton::testing::write_repository(argv[1]);
  return 0;
}
