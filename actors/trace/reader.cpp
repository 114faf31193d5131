#include "actors/trace/reader.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <string>
#include <utility>

#include "actors/trace/archive.hpp"

namespace baton::actors::trace {

namespace {

constexpr std::size_t most = 1024; // devices, domains, lanes of a device

tl::unexpected<error> nonsense(std::size_t at, const std::string& what) {
  return fail(errc::bad_argument, "byte " + std::to_string(at) + ": " + what);
}

bool good(const heading& h) {
  return h.devices.size() <= most && h.domains.size() <= most
         && std::all_of(h.devices.begin(), h.devices.end(), [&](const device_name& d) {
              return d.domain.value < h.domains.size() && d.lanes > 0 && d.lanes <= most;
            });
}

template <std::size_t... I>
record take_record(byte_reader& r, std::size_t index, std::index_sequence<I...>) {
  record result;
  auto one = [&](auto i) {
    if (i != index)
      return false;
    auto& x = result.emplace<i>();
    inspect(r, x);
    return true;
  };
  (one(std::integral_constant<std::size_t, I>{}) || ...);
  return result;
}

} // namespace

expected<contents> decode(std::string_view bytes) {
  contents c;
  byte_reader r{bytes};
  if (!r.raw(magic))
    return nonsense(0, bytes.empty() ? "the file is empty" : "not a trace");
  r(c.names.version);
  if (r.good() && c.names.version != version)
    return nonsense(magic.size(),
                    "a trace of version " + std::to_string(c.names.version) + ", not " + std::to_string(version));
  r(c.names.started, c.names.domains, c.names.devices);
  if (r.now() == byte_reader::state::ended)
    return nonsense(bytes.size(), "the trace ends before its first entry");
  if (!r.good() || !good(c.names))
    return nonsense(r.at(), "the trace's heading makes no sense");
  while (!r.at_end()) {
    const auto begin = r.at();
    if (c.end)
      return nonsense(begin, "something stands behind the trace's end");
    const auto tag = r.tag();
    bool sense = true;
    if (tag == ended_tag) {
      ended e;
      inspect(r, e);
      if (r.good())
        c.end = std::move(e);
    } else if (tag == model_tag) {
      model_named m;
      inspect(r, m);
      if (r.good())
        c.models[m.model] = std::move(m);
    } else if (tag > 0 && tag < model_tag) {
      auto entry = take_record(r, tag - 1U, std::make_index_sequence<std::variant_size_v<record>>{});
      sense = !r.good() || valid(entry, c.names);
      if (r.good() && sense)
        c.records.push_back(entry);
    } else {
      sense = false;
    }
    if (r.now() == byte_reader::state::ended) {
      c.lost_bytes = bytes.size() - begin;
      break;
    }
    if (!r.good() || !sense)
      return nonsense(begin, "not an entry of a trace");
  }
  return c;
}

expected<contents> read(const std::filesystem::path& file) {
  auto failed = [&](const std::string& what) { return fail(errc::io, "trace '" + file.string() + "': " + what); };
  std::ifstream in(file, std::ios::binary);
  if (!in)
    return failed("cannot be opened");
  std::string bytes;
  std::array<char, 65536> part{};
  while (in.read(part.data(), part.size()), in.gcount() > 0)
    bytes.append(part.data(), static_cast<std::size_t>(in.gcount()));
  if (in.bad())
    return failed("could not be read to its end");
  auto c = decode(bytes);
  if (!c)
    return failed(c.error().message);
  return c;
}

} // namespace baton::actors::trace
