#include "apps/http/json_body.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include <boost/json/basic_parser_impl.hpp>
#include <fmt/format.h>

#include "apps/defaults.hpp"
#include "apps/http/json_scanner.hpp"
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

using error_code = boost::json::error_code;
using view = boost::json::string_view;

/// Receives the parser's events and keeps what the protocol knows; the rest is passed over.
class receiver {
public:
  // The scanner has bounded everything already.
  static constexpr std::size_t max_object_size = SIZE_MAX;
  static constexpr std::size_t max_array_size = SIZE_MAX;
  static constexpr std::size_t max_key_size = SIZE_MAX;
  static constexpr std::size_t max_string_size = SIZE_MAX;

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code& e) { return done(enter(false), e); }
  bool on_object_end(std::size_t, error_code& e) { return done(leave(), e); }
  bool on_array_begin(error_code& e) { return done(enter(true), e); }
  bool on_array_end(std::size_t, error_code& e) { return done(leave(), e); }
  bool on_key_part(view part, std::size_t, error_code&) { return add(part); }
  bool on_key(view part, std::size_t, error_code&) {
    add(part);
    key_ = std::exchange(text_, {});
    return true;
  }
  bool on_string_part(view part, std::size_t, error_code&) { return add(part); }
  bool on_string(view part, std::size_t, error_code& e) {
    add(part);
    return done(scalar(std::exchange(text_, {})), e);
  }
  bool on_number_part(view, error_code&) { return true; }
  bool on_int64(std::int64_t x, view, error_code& e) { return done(scalar(x), e); }
  bool on_uint64(std::uint64_t x, view, error_code& e) {
    bool small = x <= std::uint64_t{std::numeric_limits<std::int64_t>::max()};
    return done(small ? scalar(static_cast<std::int64_t>(x)) : scalar(x), e);
  }
  bool on_double(double x, view, error_code& e) { return done(scalar(x), e); }
  bool on_bool(bool x, error_code& e) { return done(scalar(x), e); }
  bool on_null(error_code& e) { return done(scalar(std::nullopt), e); }
  bool on_comment_part(view, error_code&) { return true; }
  bool on_comment(view, error_code&) { return true; }

  json_body body;
  std::string problem;

private:
  enum class place : std::uint8_t { top, root, list, tensor, shape, parameters, other };
  using scalar_value = decltype(parameter::value);

  /// The parser stops where an error is set.
  static bool done(bool good, error_code& e) {
    if (!good)
      e = boost::json::error::syntax;
    return good;
  }

  bool add(view part) {
    text_.append(part.data(), part.size());
    return true;
  }

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
  std::string text_; ///< of the string being read
  std::string key_;
  std::string list_name_;
  std::vector<tensor_entry>* list_ = nullptr;
  parameters* parameters_ = nullptr;
  std::optional<scalar_value> nothing_;
};

} // namespace

expected<json_body> read_body(std::string_view text, std::string_view tensors) {
  json_scanner found{text, tensors};
  if (auto e = found.run())
    return tl::unexpected(std::move(*e));
  boost::json::parse_options options;
  options.max_depth = defaults::json_depth;
  boost::json::basic_parser<receiver> parser{options};
  auto rest = found.rest();
  error_code problem;
  auto taken = parser.write_some(false, rest.data(), rest.size(), problem);
  auto& r = parser.handler();
  if (!r.problem.empty())
    return fail(errc::bad_request, std::move(r.problem));
  if (problem)
    return fail(errc::bad_request, fmt::format("the body is not JSON: {}", problem.message()));
  if (taken < rest.size())
    return fail(errc::bad_request, "the body is not JSON: something follows its end");
  auto& list = tensors == "inputs" ? r.body.inputs : r.body.outputs;
  if (list)
    for (std::size_t i = 0; i < std::min(list->size(), found.data().size()); ++i)
      (*list)[i].data = found.data()[i];
  return std::move(r.body);
}

} // namespace baton::apps::http
