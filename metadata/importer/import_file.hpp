#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "metadata/importer/graph.hpp"

/// What importing is whatever form the file has.
namespace baton::metadata::importer {

/// Makes the graph of a file, with its inputs, layers and outputs; it is complete only if no problem was noted. Throws
/// `problem` where it cannot go on.
using file_reader = graph (*)(const std::filesystem::path& file, std::string name, collector& problems);

/// Reads, fuses and checks. Nothing is thrown; the first problem is the error.
expected<std::shared_ptr<const model>> import_file(file_reader read, const std::filesystem::path& file,
                                                   std::string name);
/// The same, going on after problems.
checked_model check_file(file_reader read, const std::filesystem::path& file, std::string name);

} // namespace baton::metadata::importer
