#pragma once

#include <exception>

#include <caf/sec.hpp>
#include <spdlog/spdlog.h>

#include "actors/trace/notes.hpp"

namespace baton::actors {

/// Runs a state's method; what it throws ends the actor, with a reason in the log, and goes no further.
template <class State, class F>
void contain(State& st, F&& f) {
  try {
    f();
  } catch (const std::exception& problem) {
    spdlog::critical("{} ends: {}", State::name, problem.what());
    st.self->quit(caf::sec::runtime_error);
  } catch (...) {
    spdlog::critical("{} ends: an exception of unknown type", State::name);
    st.self->quit(caf::sec::runtime_error);
  }
}

/// The handler for messages of type `M`: gives them to `st.on`, and takes note of it by `st.voice`.
template <class M, class State>
auto handle(State& st) {
  return [&st](const M& m) {
    contain(st, [&] {
      trace::hearing heard(st.voice, m);
      st.on(m);
    });
  };
}

} // namespace baton::actors
