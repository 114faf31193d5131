#include <algorithm>
#include <utility>

#include "scheduling/emulator/emulated_run.hpp"

/// Transfers: a queue each, as in the live system; a copy takes what its link takes.
namespace baton::scheduling {

void emulated_run::at_transfer(domain_id d, message&& m) {
  auto& t = transfers_[d.value];
  std::visit(
      [&](auto& x) {
        if constexpr (requires { t.queue.on(std::move(x), effects_); })
          t.queue.on(std::move(x), effects_);
      },
      m);
  act(nullptr);
  copy_next(d);
}

void emulated_run::copy_next(domain_id d) {
  auto& t = transfers_[d.value];
  if (t.under_way)
    return;
  const auto work = t.queue.next();
  if (!work)
    return;
  t.under_way = copy_of(*work, d);
  if (!time_copy(d))
    wait(d);
}

emulated_run::copy emulated_run::copy_of(const transfer_queue::work& w, domain_id into) const {
  return std::visit(
      [&](const auto& m) {
        copy result;
        const auto& model = costs(m.what.model);
        const auto rows = static_cast<std::uint64_t>(m.what.symbols.front());
        for (const auto& member : m.what.members)
          result.requests.push_back(member.request);
        auto& r = result.what;
        r.what = work_record::kind::transfer;
        r.from = m.from;
        r.to = into;
        r.model = m.what.model.value - 1;
        r.first = r.last = m.what.at;
        if constexpr (requires { m.from_device; })
          r.bytes = rows * (m.from_device == no_device ? model.input_bytes : model.live_bytes[m.what.at.layer]);
        else
          r.bytes = rows * model.output_bytes;
        result.ready = m.what.ready;
        return result;
      },
      w);
}

void emulated_run::on(const copy_done& e) {
  auto& t = transfers_[e.into.value];
  const auto done = *std::exchange(t.under_way, std::nullopt);
  tell(done.what, done.requests);
  t.queue.copied(errc::none, {}, effects_);
  act(nullptr);
  copy_next(e.into);
}

} // namespace baton::scheduling
