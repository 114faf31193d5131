#include <iterator>

#include "scheduling/text_archive.hpp"
#include "tests/protocol/world.hpp"

/// A world and its steps as text: to tell states apart, and to tell a story.
namespace baton::testing {

namespace {

std::string name(party p) {
  constexpr const char* kinds[] = {"controller", "scheduler", "worker", "transfer"};
  return kinds[static_cast<int>(p.what)] + std::to_string(p.index);
}

} // namespace

std::string world::describe() const {
  text_writer w;
  for (const auto& [d, q] : workers_)
    w(d, q.describe());
  for (const auto& [d, t] : transfers_)
    w(d, t.describe());
  for (const auto& [d, life] : lives_)
    w(d, life);
  for (const auto& [p, h] : hosts_) {
    w(p);
    for (const auto& [d, life] : h.lives)
      w(d, life);
    for (const auto& [t, g] : h.gives)
      w(t, g.epoch, g.device, g.life);
  }
  for (const auto& [ends, packets] : wires_) {
    w(ends.first.who, ends.first.life, ends.second.who, ends.second.life, packets.size());
    for (const auto& p : packets) {
      w(p.index());
      if (auto* m = std::get_if<message>(&p)) {
        w(m->index());
        std::visit([&w](const auto& x) { w(x); }, *m);
      } else if (auto* d = std::get_if<down>(&p)) {
        w(d->device, d->life);
      } else if (auto* x = std::get_if<directory>(&p)) {
        w(x->device, x->life);
      }
    }
  }
  for (const auto& [c, n] : answers_)
    w(c, n);
  for (const auto& [r, n] : ends_)
    w(r, n);
  w(tokens_, kills_, refusals_, removed_, forgotten_);
  return std::move(w).text() + engine_.describe() + controller_.describe();
}

std::string world::describe(const step& s) const {
  constexpr const char* names[] = {"deliver", "run", "copy", "copy_cancelled", "cancel", "kill", "refuse", "remove"};
  auto text = std::string{names[static_cast<int>(s.what)]} + ' ' + std::to_string(s.index);
  if (s.what != step::kind::deliver && s.what != step::kind::refuse)
    return text;
  auto i = std::next(wires_.begin(), static_cast<std::ptrdiff_t>(s.index));
  text += ": " + name(i->first.first.who) + " -> " + name(i->first.second.who) + ' ';
  const auto& p = i->second.front();
  if (auto* m = std::get_if<message>(&p))
    text += std::to_string(m->index()) + " "
            + std::visit(
                [](const auto& x) {
                  text_writer w;
                  w(x);
                  return std::move(w).text();
                },
                *m);
  else
    text += p.index() == 1 ? "down" : p.index() == 2 ? "up" : "directory";
  return text;
}

} // namespace baton::testing
