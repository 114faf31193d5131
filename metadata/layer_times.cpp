#include "metadata/layer_times.hpp"

#include "metadata/csv.hpp"
#include "metadata/defaults.hpp"
#include "metadata/in_quotes.hpp"

namespace baton::metadata {

expected<layer_times> parse_layer_times(std::string_view csv) {
  constexpr auto most = duration(defaults::max_layer_time);
  auto reader = csv_reader::open(csv);
  if (!reader)
    return tl::unexpected(reader.error());
  const auto op = reader->need("Op");
  const auto time = reader->need("duration");
  if (!op || !time)
    return tl::unexpected(op ? time.error() : op.error());
  layer_times result;
  for (;;) {
    const auto more = reader->next();
    if (!more)
      return tl::unexpected(more.error());
    if (!*more)
      break;
    const auto name = reader->field(*op);
    const auto ns = reader->number(*time, 0, most.count());
    if (!ns)
      return tl::unexpected(ns.error());
    if (name.empty())
      return reader->wrong(*op, "the layer has no name");
    const bool bookkeeping = name == "__add__" || name == "__iadd__" || name == "__mul__";
    if (!bookkeeping) {
      if (result.names.size() == defaults::max_entries)
        return reader->wrong(*op, "more than " + std::to_string(defaults::max_entries) + " layers");
      result.names.emplace_back(name);
      result.times.emplace_back(*ns);
    } else if (result.names.empty()) {
      return reader->wrong(*op, in_quotes(name) + " belongs to the layer before it, and there is none");
    } else if (result.times.back() + duration{*ns} > most) {
      return reader->wrong(*time, "with it the layer before takes more than an hour");
    } else {
      result.times.back() += duration{*ns};
    }
  }
  if (result.names.empty())
    return fail(errc::bad_argument,
                "line " + std::to_string(reader->line()) + ": there are no layers behind the header");
  return result;
}

} // namespace baton::metadata
