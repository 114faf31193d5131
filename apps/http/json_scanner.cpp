#include "apps/http/json_scanner.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace baton::apps::http {

namespace {

std::string too_large() {
  return fmt::format("the body is larger than {} bytes besides its tensors' data", defaults::json_limit);
}

} // namespace

std::optional<error> json_scanner::run() {
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

std::size_t json_scanner::end_of_string(std::size_t at) const {
  for (++at; at < body_.size(); ++at) {
    if (body_[at] == '\\')
      ++at;
    else if (body_[at] == '"')
      return at + 1;
  }
  return body_.npos;
}

bool json_scanner::at_data() const {
  return depth_ == 3 && open_[0].bracket == '{' && open_[0].key == tensors_ && open_[1].bracket == '['
         && open_[2].bracket == '{' && open_[2].key == "data";
}

std::optional<error> json_scanner::take_data(std::size_t& at) {
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

} // namespace baton::apps::http
