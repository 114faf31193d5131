#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include "actors/actors.hpp"

namespace baton::actors {

namespace {

template <class Actor, class M>
void send(const Actor& to, M&& m) {
  using content = caf::detail::type_list<std::decay_t<M>>;
  if constexpr (caf::response_type_unbox<caf::signatures_of_t<Actor>, content>::valid)
    caf::anon_send<caf::message_priority::high>(to, std::forward<M>(m));
  else
    spdlog::critical("a message was addressed to a party that has no handler for it");
}

} // namespace

void post(const directory& to, const trace::voice& from, scheduling::envelope&& letter) {
  std::visit(
      [&](auto& m) {
        from.says(m, letter.to);
        switch (letter.to.what) {
        case scheduling::party::kind::controller: return send(to.controller, std::move(m));
        case scheduling::party::kind::scheduler: return send(to.scheduler, std::move(m));
        case scheduling::party::kind::worker: return send(to.workers.at(letter.to.index), std::move(m));
        case scheduling::party::kind::transfer: return send(to.transfers.at(letter.to.index), std::move(m));
        }
      },
      letter.what);
}

} // namespace baton::actors
