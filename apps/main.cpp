#include "apps/program.hpp"

int main(int argc, char** argv) {
  return baton::apps::run_program(argc, argv);
}
