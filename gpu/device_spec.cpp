#include "gpu/device_spec.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>

#include "gpu/defaults.hpp"

namespace baton::gpu {
namespace {

std::optional<std::uint32_t> number(std::string_view text, std::uint32_t most) {
  std::uint32_t value = 0;
  auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || end != text.data() + text.size() || value == 0 || value > most)
    return std::nullopt;
  return value;
}

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

std::string_view trimmed(std::string_view text) {
  auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// What is behind `cuda:`: a GPU's number, and its lanes behind a slash. An error's reason.
tl::expected<device_spec, std::string> parse_gpu(std::string_view text) {
  device_spec spec;
  spec.backend = "cuda";
  if (text.find('@') != std::string_view::npos)
    return tl::unexpected<std::string>("a GPU has a memory of its own, it takes no domain behind '@'");
  const auto slash = text.find('/');
  const auto digits = text.substr(0, slash);
  const auto gpu = digits == "0" ? 0U : number(digits, defaults::most_devices);
  if (!gpu)
    return tl::unexpected<std::string>("say which GPU, as in cuda:0 or cuda:0/2 (with two lanes)");
  spec.number = *gpu;
  if (slash != std::string_view::npos) {
    auto lanes = number(text.substr(slash + 1), defaults::most_lanes);
    if (!lanes)
      return tl::unexpected<std::string>("the number of lanes behind '/' must be from 1 to 8");
    spec.lanes = *lanes;
  }
  return spec;
}

/// One item of the list: `cpu:2`, `cpu:1x2@a`, `cuda:0`. Appends its devices.
expected<void> parse_item(std::string_view item, std::vector<device_spec>& out) {
  auto bad = [&](std::string_view reason) {
    return fail(errc::bad_argument, "device '" + std::string(item) + "': " + std::string(reason));
  };
  if (item.starts_with("cuda:")) {
    auto gpu = parse_gpu(item.substr(5));
    if (!gpu)
      return bad(gpu.error());
    if (out.size() == defaults::most_devices)
      return bad("more than " + std::to_string(defaults::most_devices) + " devices in all");
    out.push_back(*gpu);
    return {};
  }
  device_spec spec;
  std::string_view rest = item;
  if (auto at = rest.find('@'); at != std::string_view::npos) {
    if (!is_name(rest.substr(at + 1)))
      return bad("the domain's name behind '@' must be letters, digits, '_' or '-'");
    spec.domain = rest.substr(at + 1);
    rest = rest.substr(0, at);
    if (spec.domain == "host")
      spec.domain.clear();
  }
  auto colon = rest.find(':');
  spec.backend = rest.substr(0, colon);
  if (spec.backend != "cpu")
    return bad("there is no backend '" + spec.backend
               + "'; there are 'cpu', as in cpu:2 or cpu:1x2, and 'cuda', as in cuda:0");
  if (colon == std::string_view::npos)
    return bad("say how many, as in cpu:2 (two devices of one core) or cpu:1x2 (one of two cores)");
  rest = rest.substr(colon + 1);
  auto times = rest.find('x');
  auto count = number(rest.substr(0, times), defaults::most_devices);
  if (!count)
    return bad("the number of devices must be from 1 to " + std::to_string(defaults::most_devices));
  if (times != std::string_view::npos) {
    auto cores = number(rest.substr(times + 1), defaults::most_cores);
    if (!cores)
      return bad("the number of cores behind 'x' must be from 1 to " + std::to_string(defaults::most_cores));
    spec.cores = *cores;
  }
  if (out.size() + *count > defaults::most_devices)
    return bad("more than " + std::to_string(defaults::most_devices) + " devices in all");
  out.insert(out.end(), *count, spec);
  return {};
}

} // namespace

expected<std::vector<device_spec>> parse_devices(std::string_view text) {
  std::vector<device_spec> result;
  if (trimmed(text).empty())
    return fail(errc::bad_argument, "the list of devices is empty; for example cpu:2");
  for (std::size_t begin = 0; begin <= text.size();) {
    auto end = std::min(text.find(',', begin), text.size());
    if (auto item = parse_item(trimmed(text.substr(begin, end - begin)), result); !item)
      return tl::unexpected(item.error());
    begin = end + 1;
  }
  return result;
}

} // namespace baton::gpu
