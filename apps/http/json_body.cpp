#include "apps/http/json_body.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/defaults.hpp"
#include "apps/http/json_text.hpp"

namespace baton::apps::http {

const parameter* find(const parameters& all, std::string_view name) {
  auto it = std::find_if(all.rbegin(), all.rend(), [&](const parameter& p) { return p.name == name; });
  return it == all.rend() ? nullptr : &*it;
}

bool flag(const parameters& all, std::string_view name) {
  const auto* p = find(all, name);
  const auto* b = p ? std::get_if<bool>(&p->value) : nullptr;
  return b && *b;
}

namespace {

using json = nlohmann::json;

std::string too_large() {
  return fmt::format("the body is larger than {} bytes besides its tensors' data", defaults::json_limit);
}

/// The parser's sentence without its tag, its place (which is not the body's) and bytes that are not text.
std::string reason(std::string_view what) {
  if (auto tag = what.find("] "); tag != what.npos)
    what.remove_prefix(tag + 2);
  if (auto place = what.find(": "); what.starts_with("parse error at") && place != what.npos)
    what.remove_prefix(place + 2);
  std::string text;
  for (char c : what.substr(0, 200))
    text += c >= ' ' && c <= '~' ? c : '?';
  return text;
}

// -- finding the data -------------------------------------------------------------------------------------------------

/// Knows just enough of JSON to find its way: strings, brackets, keys. What it passes over is checked by the parser
/// afterwards.
class scanner {
public:
  scanner(std::string_view body, std::string_view tensors) : body_(body), tensors_(tensors) {}

  std::optional<error> run() {
    for (std::size_t at = 0; at < body_.size();) {
      char c = body_[at];
      if (c == '"') {
        auto end = end_of_string(at);
        if (end == body_.npos)
          return error{errc::bad_request, "the body is not JSON: it ends within a string"};
        last_string_ = body_.substr(at + 1, end - at - 2);
        at = end;
        continue;
      }
      if (c == '{' || c == '[') {
        if (c == '[' && at_data()) {
          if (auto e = take_data(at))
            return e;
          continue;
        }
        if (depth_ == open_.size())
          return error{errc::bad_request, fmt::format("the body is nested deeper than {} levels", open_.size())};
        open_[depth_++] = {c, {}, 0};
      } else if (c == '}' || c == ']') {
        depth_ -= depth_ > 0 ? 1 : 0;
      } else if (c == ':' && depth_ > 0) {
        open_[depth_ - 1].key = last_string_;
      } else if (c == ',' && depth_ > 0) {
        open_[depth_ - 1].key = {};
        ++open_[depth_ - 1].index;
      }
      ++at;
    }
    if (copied_ > 0)
      rest_ += body_.substr(copied_);
    if (rest().size() > defaults::json_limit)
      return error{errc::bad_request, too_large()};
    return std::nullopt;
  }

  /// The body with null in the place of data.
  std::string_view rest() const { return copied_ > 0 ? std::string_view{rest_} : body_; }
  const std::vector<data_text>& data() const { return data_; }

private:
  struct level {
    char bracket = 0;
    std::string_view key;  ///< of the value being read
    std::size_t index = 0; ///< of the value being read
  };

  std::size_t end_of_string(std::size_t at) const {
    for (++at; at < body_.size(); ++at) {
      if (body_[at] == '\\')
        ++at;
      else if (body_[at] == '"')
        return at + 1;
    }
    return body_.npos;
  }

  bool at_data() const {
    return depth_ == 3 && open_[0].bracket == '{' && open_[0].key == tensors_ && open_[1].bracket == '['
           && open_[2].bracket == '{' && open_[2].key == "data";
  }

  std::optional<error> take_data(std::size_t& at) {
    rest_ += body_.substr(copied_, at - copied_);
    auto index = open_[1].index;
    auto found = find_array(body_, at, defaults::json_depth - depth_);
    if (!found)
      return error{found.error().code, fmt::format("the data of {}[{}] {}", tensors_, index, found.error().message)};
    rest_ += "null";
    copied_ = at;
    if (rest_.size() > defaults::json_limit)
      return error{errc::bad_request, too_large()};
    data_.resize(std::max(data_.size(), index + 1));
    data_[index] = *found;
    return std::nullopt;
  }

  std::string_view body_;
  std::string_view tensors_;
  std::array<level, defaults::json_depth> open_;
  std::size_t depth_ = 0;
  std::string_view last_string_;
  std::string rest_;
  std::size_t copied_ = 0;
  std::vector<data_text> data_; ///< by place in the list
};

// -- reading the rest -------------------------------------------------------------------------------------------------

/// Receives the parser's events and keeps what the protocol knows; the rest is passed over.
class receiver : public nlohmann::json_sax<json> {
public:
  bool null() override { return scalar(std::nullopt); }
  bool boolean(bool x) override { return scalar(x); }
  bool number_integer(std::int64_t x) override { return scalar(x); }
  bool number_unsigned(std::uint64_t x) override {
    return x > std::uint64_t{std::numeric_limits<std::int64_t>::max()} ? scalar(x)
                                                                       : scalar(static_cast<std::int64_t>(x));
  }
  bool number_float(double x, const std::string&) override { return scalar(x); }
  bool string(std::string& x) override { return scalar(std::move(x)); }
  bool binary(json::binary_t&) override { return false; }
  bool key(std::string& x) override {
    key_ = std::move(x);
    return true;
  }
  bool start_object(std::size_t) override { return enter(false); }
  bool start_array(std::size_t) override { return enter(true); }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& e) override {
    return refuse(fmt::format("the body is not JSON: {}", reason(e.what())));
  }

  json_body body;
  std::string problem;

private:
  enum class place : std::uint8_t { top, root, list, tensor, shape, parameters, other };
  using scalar_value = decltype(parameter::value);

  bool refuse(std::string sentence) {
    problem = std::move(sentence);
    return false;
  }

  bool scalar(std::optional<scalar_value> x) {
    switch (at_) {
    case place::top: return refuse("the body is not a JSON object");
    case place::root: return root_member(x);
    case place::list: return refuse(fmt::format("{}[{}] is not an object", list_name_, list_->size()));
    case place::tensor: return tensor_member(x);
    case place::shape: return extent(x);
    case place::parameters:
      if (x)
        parameters_->push_back({std::move(key_), std::move(*x)});
      return true;
    case place::other: break;
    }
    return true;
  }

  bool root_member(std::optional<scalar_value>& x) {
    if (!x)
      return true;
    if (key_ == "id") {
      auto* text = std::get_if<std::string>(&*x);
      if (!text)
        return refuse("\"id\" is not a string");
      body.id = std::move(*text);
    } else if (key_ == "inputs" || key_ == "outputs") {
      return refuse(fmt::format("the body has no \"{}\" that is an array", key_));
    } else if (key_ == "parameters") {
      return refuse("\"parameters\" is not an object");
    }
    return true;
  }

  bool tensor_member(std::optional<scalar_value>& x) {
    auto* text = x ? std::get_if<std::string>(&*x) : nullptr;
    auto& t = list_->back();
    if (key_ == "name" && text)
      t.name = std::move(*text);
    else if (key_ == "datatype" && text)
      t.datatype = std::move(*text);
    return true;
  }

  bool extent(std::optional<scalar_value>& x) {
    auto& t = list_->back();
    const auto* whole = x ? std::get_if<std::int64_t>(&*x) : nullptr;
    if (!whole)
      return refuse(fmt::format("tensor {}: its shape holds something that is not a whole number",
                                in_quotes(t.name.value_or(""))));
    if (t.shape->size() == defaults::json_depth)
      return refuse(
          fmt::format("tensor {} has more than {} axes", in_quotes(t.name.value_or("")), defaults::json_depth));
    t.shape->push_back(*whole);
    return true;
  }

  bool enter(bool array) {
    if (depth_ == above_.size()) // the scanner has bounded the depth already
      return refuse("the body is nested too deeply");
    above_[depth_++] = at_;
    switch (at_) {
    case place::top:
      if (array)
        return refuse("the body is not a JSON object");
      at_ = place::root;
      return true;
    case place::root: return enter_member(array);
    case place::list:
      if (array)
        return refuse(fmt::format("{}[{}] is not an object", list_name_, list_->size()));
      if (list_->size() == defaults::json_tensors)
        return refuse(fmt::format("\"{}\" has more than {} members", list_name_, defaults::json_tensors));
      list_->emplace_back();
      at_ = place::tensor;
      return true;
    case place::tensor: return enter_tensor_member(array);
    case place::shape: return extent(nothing_);
    case place::parameters: parameters_->push_back({key_, {}}); break;
    case place::other: break;
    }
    at_ = place::other;
    return true;
  }

  bool enter_member(bool array) {
    at_ = place::other;
    if (key_ == "inputs" || key_ == "outputs") {
      if (!array)
        return refuse(fmt::format("the body has no \"{}\" that is an array", key_));
      list_name_ = key_;
      list_ = &(key_ == "inputs" ? body.inputs : body.outputs).emplace();
      at_ = place::list;
    } else if (key_ == "parameters") {
      if (array)
        return refuse("\"parameters\" is not an object");
      parameters_ = &body.given;
      at_ = place::parameters;
    } else if (key_ == "id") {
      return refuse("\"id\" is not a string");
    }
    return true;
  }

  bool enter_tensor_member(bool array) {
    at_ = place::other;
    if (key_ == "shape" && array) {
      list_->back().shape.emplace();
      at_ = place::shape;
    } else if (key_ == "parameters" && !array) {
      parameters_ = &list_->back().given;
      at_ = place::parameters;
    }
    return true;
  }

  bool leave() {
    at_ = above_[--depth_];
    return true;
  }

  place at_ = place::top;
  std::array<place, defaults::json_depth + 1> above_{};
  std::size_t depth_ = 0;
  std::string key_;
  std::string list_name_;
  std::vector<tensor_entry>* list_ = nullptr;
  parameters* parameters_ = nullptr;
  std::optional<scalar_value> nothing_;
};

} // namespace

expected<json_body> read_body(std::string_view text, std::string_view tensors) {
  scanner found{text, tensors};
  if (auto e = found.run())
    return tl::unexpected(std::move(*e));
  receiver r;
  auto rest = found.rest();
  if (!json::sax_parse(rest.begin(), rest.end(), &r))
    return fail(errc::bad_request, std::move(r.problem));
  auto& list = tensors == "inputs" ? r.body.inputs : r.body.outputs;
  if (list)
    for (std::size_t i = 0; i < std::min(list->size(), found.data().size()); ++i)
      (*list)[i].data = found.data()[i];
  return std::move(r.body);
}

} // namespace baton::apps::http
