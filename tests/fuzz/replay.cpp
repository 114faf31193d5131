#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

/// Runs a fuzzer's function over the files of a folder: the corpus, in the ordinary tests.
int main(int argc, char** argv) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator{argc > 1 ? argv[1] : "."}) {
    std::ifstream file{entry.path(), std::ios::binary};
    std::vector<char> bytes{std::istreambuf_iterator<char>{file}, {}};
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    ++files;
  }
  std::printf("%zu files\n", files);
  return files > 0 ? 0 : 1;
}
