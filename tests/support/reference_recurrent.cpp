#include <cmath>
#include <functional>

#include "tests/support/reference_loops.hpp"

/// The recurrent kinds: x [S,N,I], w [D,G*H,I], r [D,G*H,H], b [D,2*G*H], states [D,N,H].
namespace baton::testing {

using namespace metadata;

namespace {

double sigmoid(double x) {
  return 1.0 / (1.0 + std::exp(-x));
}

/// One step of one direction for one row of the batch.
class cell {
public:
  cell(const operand_list& in, std::size_t direction, std::size_t gates, std::size_t hidden, const double* x,
       const double* before)
      : in_(in), direction_(direction), gates_(gates), hidden_(hidden), x_(x), before_(before) {}

  /// x w^T for that gate's element, with w's bias.
  double from_input(std::size_t gate, std::size_t o) const {
    const auto depth = static_cast<std::size_t>(in_[0]->shape[2]);
    return product(*in_[1], gate, o, x_, depth) + bias(gate, o, 0);
  }
  /// state r^T for that gate's element, with r's bias. `state` is h, or something made of it.
  double from_state(std::size_t gate, std::size_t o, const double* state) const {
    return product(*in_[2], gate, o, state, hidden_) + bias(gate, o, 1);
  }
  double sum(std::size_t gate, std::size_t o) const { return from_input(gate, o) + from_state(gate, o, before_); }
  double before(std::size_t o) const { return before_[o]; }
  double peephole(std::size_t which, std::size_t o) const {
    return in_.size() > 6 && in_[6] != nullptr ? in_[6]->data[(direction_ * 3 + which) * hidden_ + o] : 0.0;
  }

private:
  std::size_t row(std::size_t gate, std::size_t o) const { return (direction_ * gates_ + gate) * hidden_ + o; }
  double product(const array& m, std::size_t gate, std::size_t o, const double* with, std::size_t depth) const {
    double result = 0;
    for (std::size_t k = 0; k < depth; ++k)
      result += m.data[row(gate, o) * depth + k] * with[k];
    return result;
  }
  double bias(std::size_t gate, std::size_t o, std::size_t half) const {
    if (in_.size() < 4 || in_[3] == nullptr)
      return 0.0;
    return in_[3]->data[((direction_ * 2 + half) * gates_ + gate) * hidden_ + o];
  }

  const operand_list& in_;
  std::size_t direction_, gates_, hidden_;
  const double* x_;
  const double* before_;
};

/// Writes the new h (and c) of one row; `states` point to the row's old values.
using step_function = std::function<void(const cell& at, const std::vector<double*>& states)>;

std::vector<array> run(const operand_list& in, recurrent_direction direction, std::int64_t h, std::size_t gates,
                       std::size_t count_of_states, const step_function& step) {
  const auto& x = *in[0];
  const auto directions = static_cast<std::size_t>(directions_of(direction));
  const auto hidden = static_cast<std::size_t>(h);
  const auto steps = static_cast<std::size_t>(x.shape[0]);
  const auto rows = static_cast<std::size_t>(x.shape[1]);
  const auto depth = static_cast<std::size_t>(x.shape[2]);
  std::vector<array> results{array({x.shape[0], directions_of(direction), x.shape[1], h})};
  for (std::size_t i = 0; i < count_of_states; ++i)
    results.push_back(in.size() > 4 + i && in[4 + i] != nullptr ? *in[4 + i]
                                                                : array({directions_of(direction), x.shape[1], h}));
  for (std::size_t d = 0; d < directions; ++d)
    for (std::size_t s = 0; s < steps; ++s) {
      const auto backwards = direction == recurrent_direction::reverse || d == 1;
      const auto t = backwards ? steps - 1 - s : s;
      for (std::size_t n = 0; n < rows; ++n) {
        std::vector<double*> states;
        for (std::size_t i = 0; i < count_of_states; ++i)
          states.push_back(&results[1 + i].data[(d * rows + n) * hidden]);
        const std::vector<double> before(states[0], states[0] + hidden);
        step(cell(in, d, gates, hidden, &x.data[(t * rows + n) * depth], before.data()), states);
        std::copy(states[0], states[0] + hidden,
                  results[0].data.begin() + static_cast<std::ptrdiff_t>(((t * directions + d) * rows + n) * hidden));
      }
    }
  return results;
}

} // namespace

std::vector<array> reference_lstm(const lstm_layer& a, const operand_list& in) {
  return run(in, a.direction, a.hidden, 4, 2, [&](const cell& at, const std::vector<double*>& states) {
    for (std::size_t o = 0; o < static_cast<std::size_t>(a.hidden); ++o) { // gates i, o, f, c
      auto& c = states[1][o];
      const auto input = sigmoid(at.sum(0, o) + at.peephole(0, o) * c);
      const auto forget = sigmoid(at.sum(2, o) + at.peephole(2, o) * c);
      c = forget * c + input * std::tanh(at.sum(3, o));
      states[0][o] = sigmoid(at.sum(1, o) + at.peephole(1, o) * c) * std::tanh(c);
    }
  });
}

std::vector<array> reference_gru(const gru_layer& a, const operand_list& in) {
  return run(in, a.direction, a.hidden, 3, 1, [&](const cell& at, const std::vector<double*>& states) {
    const auto hidden = static_cast<std::size_t>(a.hidden);
    std::vector<double> reset(hidden); // gates z, r, h
    for (std::size_t o = 0; o < hidden; ++o)
      reset[o] = sigmoid(at.sum(1, o));
    std::vector<double> kept(hidden);
    for (std::size_t o = 0; o < hidden; ++o)
      kept[o] = reset[o] * at.before(o);
    std::vector<double> before(states[0], states[0] + hidden);
    for (std::size_t o = 0; o < hidden; ++o) {
      const auto update = sigmoid(at.sum(0, o));
      const auto recurrent =
          a.linear_before_reset ? reset[o] * at.from_state(2, o, before.data()) : at.from_state(2, o, kept.data());
      states[0][o] = (1 - update) * std::tanh(at.from_input(2, o) + recurrent) + update * before[o];
    }
  });
}

std::vector<array> reference_rnn(const rnn_layer& a, const operand_list& in) {
  return run(in, a.direction, a.hidden, 1, 1, [&](const cell& at, const std::vector<double*>& states) {
    for (std::size_t o = 0; o < static_cast<std::size_t>(a.hidden); ++o) {
      states[0][o] = activate(at.sum(0, o), activation{a.act});
    }
  });
}

} // namespace baton::testing
