#include "metadata/importer/import_file.hpp"

#include <new>
#include <utility>

#include "metadata/importer/finish.hpp"
#include "metadata/importer/fusion.hpp"

namespace baton::metadata::importer {

namespace {

/// The model; or an error, unless problems were noted. Nothing is thrown.
expected<std::shared_ptr<const model>> import_with(file_reader read, const std::filesystem::path& file,
                                                   std::string name, collector& problems) {
  const auto who = "model '" + name + "': ";
  try {
    auto g = read(file, std::move(name), problems);
    if (!problems.empty())
      return nullptr;
    fuse(g.parts());
    separate_outputs(g);
    prune(g.parts());
    return model::make(std::move(g.parts()));
  } catch (const problem& p) {
    return fail(p.code, who + p.what());
  } catch (const std::bad_alloc&) {
    return fail(errc::out_of_memory, who + "no memory to import " + file.string());
  } catch (const std::exception& e) {
    return fail(errc::internal, who + e.what());
  }
}

} // namespace

expected<std::shared_ptr<const model>> import_file(file_reader read, const std::filesystem::path& file,
                                                   std::string name) {
  collector first(collector::mode::stop_at_first);
  return import_with(read, file, std::move(name), first);
}

checked_model check_file(file_reader read, const std::filesystem::path& file, std::string name) {
  collector all(collector::mode::note_all);
  auto made = import_with(read, file, std::move(name), all);
  auto problems = all.take();
  if (!made)
    problems.list.push_back({made.error(), 1});
  if (problems.list.empty())
    return *made;
  return tl::unexpected(std::move(problems));
}

} // namespace baton::metadata::importer
