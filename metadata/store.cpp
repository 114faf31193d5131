#include "metadata/store.hpp"

#include <system_error>

#include <sqlite3.h>

#include "metadata/defaults.hpp"

namespace baton::metadata {
namespace {

constexpr int version = 1; ///< of the tables

constexpr auto tables = R"(
  CREATE TABLE IF NOT EXISTS kernel_choice(
    device TEXT, library TEXT, problem TEXT, choice TEXT NOT NULL,
    PRIMARY KEY(device, library, problem)) WITHOUT ROWID;
  PRAGMA user_version = 1;)";

constexpr auto find_choice = "SELECT choice FROM kernel_choice WHERE device = ?1 AND library = ?2 AND problem = ?3";
constexpr auto keep_choice =
    "INSERT OR IGNORE INTO kernel_choice(device, library, problem, choice) VALUES(?1, ?2, ?3, ?4)";
constexpr auto replace_choice =
    "INSERT OR REPLACE INTO kernel_choice(device, library, problem, choice) VALUES(?1, ?2, ?3, ?4)";

struct closer {
  void operator()(sqlite3* file) const { sqlite3_close_v2(file); }
  void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
};
using file_handle = std::unique_ptr<sqlite3, closer>;

/// The first column of the first row, if there is one.
std::optional<std::string> ask(sqlite3* file, const char* sql, std::initializer_list<std::string_view> values = {}) {
  sqlite3_stmt* made = nullptr;
  if (sqlite3_prepare_v2(file, sql, -1, &made, nullptr) != SQLITE_OK)
    return std::nullopt;
  const std::unique_ptr<sqlite3_stmt, closer> statement(made);
  auto number = 0;
  for (auto v : values)
    sqlite3_bind_text(made, ++number, v.data(), static_cast<int>(v.size()), SQLITE_TRANSIENT);
  if (sqlite3_step(made) != SQLITE_ROW)
    return std::nullopt;
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(made, 0));
  return text ? std::optional<std::string>(text) : std::nullopt;
}

} // namespace

expected<std::shared_ptr<store>> store::open(const std::filesystem::path& file) {
  const auto name = "the store '" + file.string() + "'";
  if (file.has_parent_path()) {
    std::error_code problem;
    std::filesystem::create_directories(file.parent_path(), problem);
    if (problem)
      return fail(errc::io, name + ": its folder cannot be made: " + problem.message());
  }
  sqlite3* made = nullptr;
  const auto opened =
      sqlite3_open_v2(file.c_str(), &made, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  file_handle handle(made);
  if (opened != SQLITE_OK)
    return fail(errc::io, name + " cannot be opened: " + sqlite3_errstr(opened));
  sqlite3_busy_timeout(made, static_cast<int>(defaults::store_patience.count()));
  // A file that is none of SQLite's shows when it is read.
  const auto found = ask(made, "PRAGMA user_version");
  if (!found)
    return fail(errc::io, name + " cannot be read: " + sqlite3_errmsg(made));
  if (*found != "0" && *found != std::to_string(version))
    return fail(errc::io, name + " is of version " + *found + ", this program knows " + std::to_string(version)
                              + ": name another file");
  if (*found == "0" && sqlite3_exec(made, tables, nullptr, nullptr, nullptr) != SQLITE_OK)
    return fail(errc::io, name + " cannot be written: " + sqlite3_errmsg(made));
  return std::shared_ptr<store>(new store(handle.release()));
}

store::~store() {
  sqlite3_close_v2(file_);
}

std::optional<std::string> store::find(const kernel_problem& of) {
  std::lock_guard lock(mutex_);
  if (auto known = known_.find(of))
    return known;
  auto found = ask(file_, find_choice, {of.device, of.library, of.problem});
  if (found)
    known_.keep(of, *found);
  return found;
}

std::string store::keep(const kernel_problem& of, std::string_view choice) {
  std::lock_guard lock(mutex_);
  if (auto known = known_.find(of))
    return *known;
  (void)ask(file_, keep_choice, {of.device, of.library, of.problem, choice});
  const auto counts = ask(file_, find_choice, {of.device, of.library, of.problem}); // another may have been first
  return known_.keep(of, counts ? *counts : choice);
}

void store::replace(const kernel_problem& of, std::string_view choice) {
  std::lock_guard lock(mutex_);
  (void)ask(file_, replace_choice, {of.device, of.library, of.problem, choice});
  known_.replace(of, choice);
}

} // namespace baton::metadata
