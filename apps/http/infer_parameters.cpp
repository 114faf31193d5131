#include <fmt/format.h>

#include "apps/defaults.hpp"
#include "apps/http/infer_codec.hpp"
#include "apps/layer_names.hpp"

namespace baton::apps::http {

namespace {

auto bad(std::string message) {
  return fail(errc::bad_request, std::move(message));
}

/// A whole number among the parameters, within [low, high].
expected<std::optional<std::int64_t>> whole_in(const parameters& given, const char* key, std::int64_t low,
                                               std::int64_t high) {
  const auto* p = find(given, key);
  if (!p)
    return std::nullopt;
  const auto* n = std::get_if<std::int64_t>(&p->value);
  if (!n || *n < low || *n > high)
    return bad(fmt::format("parameter \"{}\" is not a whole number from {} to {}", key, low, high));
  return *n;
}

expected<std::uint32_t> layer_in(const parameter& p, const metadata::model& m) {
  const auto* name = std::get_if<std::string>(&p.value);
  const auto* number = std::get_if<std::int64_t>(&p.value);
  if (!name && (!number || *number < 0))
    return bad("parameter \"move_after\" is neither a layer's name nor its number");
  auto layer = find_layer(m, name ? *name : std::to_string(*number));
  return layer ? layer : bad(layer.error().message);
}

expected<void> read_move(const parameters& given, const metadata::model& m, std::size_t devices, std::uint32_t fallback,
                         infer_call& call) {
  const auto* after = find(given, "move_after");
  auto to = whole_in(given, "move_to", 0, static_cast<std::int64_t>(devices) - 1);
  if (!to)
    return tl::unexpected(to.error());
  if (!after)
    return *to ? bad("parameter \"move_to\" goes with \"move_after\" only") : expected<void>{};
  auto layer = layer_in(*after, m);
  if (!layer)
    return tl::unexpected(layer.error());
  if (devices < 2)
    return bad("parameter \"move_after\" needs two devices, this server has one");
  if (call.request.pinned == metadata::no_device)
    call.request.pinned = metadata::device_id{fallback};
  auto next = (call.request.pinned.value + 1) % static_cast<std::uint32_t>(devices);
  auto target = metadata::device_id{*to ? static_cast<std::uint32_t>(**to) : next};
  if (target == call.request.pinned)
    return bad("parameter \"move_to\" is the device where the request begins");
  call.request.steps.push_back({scheduling::order::kind::hand_off, {*layer + 1, 0}, target});
  return {};
}

/// A client that believes in sequences would get answers without the state it counts on.
expected<void> refuse_sequence(const parameters& given) {
  const auto* p = find(given, "sequence_id");
  const auto* number = p ? std::get_if<std::int64_t>(&p->value) : nullptr;
  const auto* text = p ? std::get_if<std::string>(&p->value) : nullptr;
  if (!p || (number && *number == 0) || (text && text->empty()))
    return {};
  return bad("parameter \"sequence_id\": sequences are not supported, no state is kept between requests");
}

} // namespace

expected<void> read_parameters(const parameters& given, const metadata::model& m, std::size_t devices,
                               std::uint32_t fallback_device, infer_call& call) {
  call.request.timeout = defaults::request_timeout;
  if (given.empty())
    return {};
  auto priority = whole_in(given, "priority", INT32_MIN, INT32_MAX);
  if (!priority)
    return tl::unexpected(priority.error());
  call.request.priority = static_cast<std::int32_t>(priority->value_or(0));
  auto timeout = whole_in(given, "timeout", 0, std::chrono::microseconds(defaults::longest_request_timeout).count());
  if (!timeout)
    return tl::unexpected(timeout.error());
  if (timeout->value_or(0) > 0) // 0 is the protocol's "none"
    call.request.timeout = std::chrono::microseconds(**timeout);
  auto device = whole_in(given, "device", 0, static_cast<std::int64_t>(devices) - 1);
  if (!device)
    return tl::unexpected(device.error());
  if (*device)
    call.request.pinned = metadata::device_id{static_cast<std::uint32_t>(**device)};
  if (auto single = refuse_sequence(given); !single)
    return single;
  return read_move(given, m, devices, fallback_device, call);
}

} // namespace baton::apps::http
