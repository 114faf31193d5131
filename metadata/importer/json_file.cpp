#include "metadata/importer/json_file.hpp"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "metadata/defaults.hpp"
#include "metadata/sized_file.hpp"

namespace baton::metadata::importer {

namespace {

using nlohmann::json;

/// The file's own words in an error.
std::string quote(std::string_view text) {
  const auto whole = text.size() <= defaults::max_quoted;
  return '\'' + std::string(text.substr(0, defaults::max_quoted)) + (whole ? "'" : "...'");
}

/// `-1`, `"two"`, `[3,4]`
std::string text_of(const json& x) {
  auto text = x.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > defaults::max_quoted)
    text = text.substr(0, defaults::max_quoted) + "...";
  return text;
}

std::string read_text(const std::filesystem::path& file) {
  auto opened = open_sized(file);
  if (!opened)
    throw problem(opened.error().message, opened.error().code);
  const auto who = file.string() + ": ";
  demand(opened->bytes <= defaults::max_json_bytes, who + "it is larger than the "
                                                        + std::to_string(defaults::max_json_bytes)
                                                        + " bytes that a list of layers may have");
  std::string text(opened->bytes, '\0');
  opened->in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (opened->in.gcount() != static_cast<std::streamsize>(text.size()))
    throw problem(who + "cannot be read", errc::io);
  return text;
}

/// Stops the parser at what it would take: deep nesting, and a key that is there twice.
class strict {
public:
  using event = json::parse_event_t;
  bool operator()(int depth, event what, const json& parsed) {
    const auto opens = what == event::object_start || what == event::array_start;
    demand(!opens || depth < defaults::max_json_depth,
           "it is nested deeper than " + std::to_string(defaults::max_json_depth));
    if (what == event::object_start)
      keys_.emplace_back();
    else if (what == event::object_end)
      keys_.pop_back();
    else if (what == event::key)
      demand(keys_.back().insert(parsed.get_ref<const std::string&>()).second,
             "the key " + quote(parsed.get_ref<const std::string&>()) + " is there twice in one object");
    return true;
  }

private:
  std::vector<std::set<std::string>> keys_; // of the objects that are open
};

json parse(const std::string& text) {
  try {
    return json::parse(text, strict());
  } catch (const json::exception& e) {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: ..."
    const std::string_view what = e.what();
    const auto begin = what.find("] ");
    throw problem(
        "it is not JSON: "
        + std::string(what.substr(begin == std::string_view::npos ? 0 : begin + 2, 4 * defaults::max_quoted)));
  }
}

/// The number, if it is whole and within these bounds.
std::optional<std::int64_t> whole_number(const json& x, std::int64_t least, std::int64_t most) {
  if (!x.is_number_integer() || (x.is_number_unsigned() && x.get<std::uint64_t>() > INT64_MAX))
    return std::nullopt;
  const auto n = x.get<std::int64_t>();
  return n >= least && n <= most ? std::optional(n) : std::nullopt;
}

std::string bounds(std::int64_t least, std::int64_t most) {
  return "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most);
}

class file_reader {
public:
  file_reader(const std::filesystem::path& file, collector& problems) : file_(file), problems_(problems) {}

  json_file run(const json& root) {
    const auto place = file_.string() + ": ";
    demand(root.is_object(), place + "it is not a JSON object with name, input_shape and layers");
    problems_.attempt(place, [&] { name(root); });
    problems_.attempt(place, [&] { input_shape(root); });
    const json* list = nullptr;
    problems_.attempt(place, [&] { list = &layers(root); });
    for (std::size_t nth = 0; list != nullptr && nth < list->size(); ++nth)
      layer((*list)[nth], nth);
    other_keys(root, {"name", "input_shape", "layers", "comment"}, place, "the file");
    return std::move(result_);
  }

private:
  static const json& at(const json& object, const char* key) {
    const auto found = object.find(key);
    demand(found != object.end(), std::string(key) + " is missing");
    return *found;
  }

  bool other_keys(const json& object, const std::vector<std::string_view>& known, const std::string& place,
                  const char* what) {
    auto good = true;
    for (const auto& [key, ignored] : object.items())
      if (std::find(known.begin(), known.end(), key) == known.end())
        good = problems_.attempt(place, [&, &unheard = key] {
          throw problem(quote(unheard) + " is not a key that " + what + " can have");
        }) && good;
    return good;
  }

  void name(const json& root) {
    const auto& given = at(root, "name");
    demand(given.is_string(), "name is " + text_of(given) + ", not a text");
    result_.name = given.get<std::string>();
    demand(!result_.name.empty() && result_.name.size() <= defaults::max_json_name,
           "name must have 1 to " + std::to_string(defaults::max_json_name) + " bytes");
  }

  void input_shape(const json& root) {
    const auto& given = at(root, "input_shape");
    demand(given.is_array() && !given.empty() && given.size() <= defaults::max_rank,
           "input_shape must be a list of 1 to " + std::to_string(defaults::max_rank) + " numbers, the batch first");
    std::vector<std::int64_t> shape;
    for (const auto& extent : given) {
      const auto n = whole_number(extent, 1, defaults::max_extent);
      demand(n.has_value(), "input_shape has " + text_of(extent) + ", but each " + bounds(1, defaults::max_extent));
      shape.push_back(*n);
    }
    result_.input_shape = std::move(shape);
  }

  static const json& layers(const json& root) {
    const auto& given = at(root, "layers");
    demand(given.is_array(), "layers is not a list");
    demand(!given.empty(), "layers is empty");
    return given;
  }

  void layer(const json& given, std::size_t nth) {
    result_.layers.emplace_back();
    const json_kind* kind = nullptr;
    if (!problems_.attempt(who(file_, nth, ""), [&] {
          demand(given.is_object(), "it is not a JSON object with type and params");
          const auto& type = at(given, "type");
          demand(type.is_string(), "type is " + text_of(type) + ", not a text");
          kind = find_json_kind(type.get_ref<const std::string&>());
          demand(kind != nullptr, "type " + quote(type.get_ref<const std::string&>()) + " is not supported");
        }))
      return;
    const auto place = who(file_, nth, kind->type);
    auto good = other_keys(given, {"type", "params"}, place, "a layer");
    good = params(given, *kind, place) && good;
    if (good)
      result_.layers.back().kind = kind;
  }

  bool params(const json& given, const json_kind& kind, const std::string& place) {
    static const json none = json::object();
    const auto found = given.find("params");
    const auto& all = found == given.end() ? none : *found;
    if (!problems_.attempt(place, [&] { demand(all.is_object(), "params is not a JSON object"); }))
      return false;
    std::vector<std::string_view> known;
    auto good = true;
    for (const auto& p : kind.params) {
      known.push_back(p.key);
      good = problems_.attempt(place, [&] { result_.layers.back().numbers[p.key] = number(all, p); }) && good;
    }
    return other_keys(all, known, place, ("the params of a " + std::string(kind.type)).c_str()) && good;
  }

  static std::int64_t number(const json& params, const json_param& p) {
    const std::string key(p.key);
    const auto found = params.find(key);
    demand(found != params.end() || p.otherwise, key + " is missing");
    if (found == params.end())
      return *p.otherwise;
    const auto n = whole_number(*found, p.least, p.most);
    demand(n.has_value(), key + " is " + text_of(*found) + ", but " + bounds(p.least, p.most));
    return *n;
  }

  const std::filesystem::path& file_;
  collector& problems_;
  json_file result_;
};

} // namespace

json_file read_json(const std::filesystem::path& file, collector& problems) {
  const auto text = read_text(file);
  json root;
  try {
    root = parse(text);
  } catch (const problem& p) {
    throw problem(file.string() + ": " + p.what(), p.code);
  }
  return file_reader(file, problems).run(root);
}

std::string who(const std::filesystem::path& file, std::size_t layer, std::string_view type) {
  return file.string() + ": layer " + std::to_string(layer) + (type.empty() ? "" : " (" + std::string(type) + ')')
         + ": ";
}

} // namespace baton::metadata::importer
