#include "metadata/model_check.hpp"

#include <stdexcept>
#include <unordered_set>

#include "metadata/defaults.hpp"

namespace baton::metadata {

namespace {

struct flaw : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void demand(bool holds, const std::string& otherwise) {
  if (!holds)
    throw flaw(otherwise);
}

class checker {
public:
  explicit checker(const model::parts& p) : p_(p), ready_(p.values.size()), names_(p.symbols) {}

  void run() {
    check_lists();
    for (value_index v = 0; v < p_.values.size(); ++v)
      check_value(v);
    check_inputs();
    for (const auto& l : p_.layers)
      check_layer(l);
    check_outputs();
  }

private:
  void check_lists() const {
    demand(p_.symbols.size() <= defaults::max_symbols, "it has too many symbols");
    for (const auto* list : {&p_.inputs, &p_.outputs}) {
      std::unordered_set<std::string> seen;
      for (const auto v : *list) {
        demand(v < p_.values.size(), "its inputs or outputs name a value that is not there");
        demand(seen.insert(p_.values[v].name).second, "'" + p_.values[v].name + "' is an input or output twice");
      }
    }
    demand(!p_.outputs.empty(), "it has no output");
    std::unordered_set<std::string> seen;
    for (const auto& l : p_.layers)
      demand(seen.insert(l.name).second, "two layers are called '" + l.name + "'");
  }

  void check_value(value_index index) {
    const auto& v = p_.values[index];
    const auto who = "value '" + v.name + "' ";
    if (const auto wrong = check_shape(v.shape); !wrong.empty())
      throw flaw(who + to_string(v.shape, names_) + ' ' + wrong);
    for (const auto& extent : v.shape)
      demand(extent.symbols_needed() <= p_.symbols.size(), who + "uses a symbol that is not there");
    if (v.batch_axis) {
      demand(*v.batch_axis < v.shape.size(), who + "has its batch axis outside its shape");
      const auto& extent = v.shape[*v.batch_axis];
      demand(!batch_ || *batch_ == extent, who + "has batch extent " + extent.to_string(names_) + " where others have "
                                               + (batch_ ? batch_->to_string(names_) : ""));
      batch_ = extent;
    }
    if (v.origin == value_origin::alias) {
      demand(v.alias_of < p_.values.size(), who + "is an alias of nothing");
      const auto& root = p_.values[v.alias_of];
      demand(root.origin != value_origin::alias, who + "is an alias of an alias");
      demand(root.type == v.type && elements_of(root.shape) == elements_of(v.shape),
             who + "is an alias of different size or type");
    } else if (v.origin == value_origin::weight) {
      const auto elements = elements_of(v.shape).constant();
      demand(elements.has_value(), who + "is a weight without constant shape");
      const auto bytes = static_cast<std::uint64_t>(*elements) * size_of(v.type);
      const auto elsewhere = !v.weight.file.empty() || v.weight.seeded;
      demand(v.weight.bytes == bytes && (elsewhere || v.weight.inline_bytes.size() == bytes),
             who + "is a weight of the wrong size");
      demand(!v.weight.seeded || v.type == element_type::float32, who + "is a seeded weight that is not float32");
      ready_[index] = true;
    }
  }

  void check_inputs() {
    std::vector<bool> bound(p_.symbols.size());
    for (const auto index : p_.inputs) {
      const auto& v = p_.values[index];
      demand(v.origin == value_origin::input, "input '" + v.name + "' is not of origin input");
      ready_[index] = true;
      for (const auto& extent : v.shape) {
        const auto symbol = extent.as_symbol();
        demand(symbol || extent.constant(), "input '" + v.name + "' has an extent that is neither number nor symbol");
        if (symbol)
          bound[*symbol] = true;
      }
    }
    for (std::size_t i = 0; i < bound.size(); ++i)
      demand(bound[i], "symbol '" + p_.symbols[i] + "' is in no input");
    for (value_index v = 0; v < p_.values.size(); ++v)
      demand(p_.values[v].origin != value_origin::input || ready_[v],
             "value '" + p_.values[v].name + "' is of origin input and not an input");
  }

  value_index root(value_index v) const {
    return p_.values[v].origin == value_origin::alias ? p_.values[v].alias_of : v;
  }

  void check_layer(const layer& l) {
    const auto who = "layer '" + l.name + "' (" + std::string(kind_name(l.attributes)) + "): ";
    const auto wanted = roles(l.attributes);
    std::vector<value_shape> shapes;
    shapes.reserve(l.inputs.size());
    std::vector<const value_shape*> operands;
    for (std::size_t i = 0; i < l.inputs.size(); ++i) {
      if (l.inputs[i] == none) {
        operands.push_back(nullptr);
        continue;
      }
      demand(l.inputs[i] < p_.values.size(), who + "it reads a value that is not there");
      const auto& v = p_.values[l.inputs[i]];
      demand(ready_[root(l.inputs[i])], who + "it reads '" + v.name + "' before that is written");
      demand(i >= wanted.size() || !wanted[i].constant || v.origin == value_origin::weight,
             who + "its " + (i < wanted.size() ? wanted[i].name : "") + " ('" + v.name + "') must be a constant");
      shapes.push_back(shape_of(v));
      operands.push_back(&shapes.back());
    }
    const auto made = infer_shapes(l.attributes, operands, names_);
    if (!made)
      throw flaw(who + made.error());
    demand(l.outputs.size() <= made->outputs.size(), who + "it has too many outputs");
    demand(made->outputs.size() > 1 || (l.outputs.size() == 1 && l.outputs[0] != none), who + "it writes nothing");
    demand(l.parts == made->parts && l.state_bytes == made->state_bytes, who + "its parts or state are wrong");
    for (std::size_t i = 0; i < l.outputs.size(); ++i)
      if (l.outputs[i] != none)
        check_written(l.outputs[i], made->outputs[i], who);
  }

  void check_written(value_index index, const value_shape& made, const std::string& who) {
    demand(index < p_.values.size(), who + "it writes a value that is not there");
    const auto& v = p_.values[index];
    demand(v.origin == value_origin::computed, who + "it writes '" + v.name + "', which is not a computed value");
    demand(!ready_[index], who + "it writes '" + v.name + "', which is written already");
    demand(v.type == made.type && v.shape == made.shape, who + "it makes " + to_string(made.shape, names_) + " and '"
                                                             + v.name + "' is " + to_string(v.shape, names_));
    ready_[index] = true;
  }

  void check_outputs() const {
    std::unordered_set<value_index> roots;
    for (const auto v : p_.outputs) {
      const auto who = "output '" + p_.values[v].name + "' ";
      demand(p_.values[root(v)].origin == value_origin::computed, who + "is an input or a constant");
      demand(ready_[root(v)], who + "is written by no layer");
      demand(roots.insert(root(v)).second, who + "has the same bytes as another output");
    }
  }

  const model::parts& p_;
  std::vector<bool> ready_; // by value: input, weight, or written by a layer seen so far
  std::span<const std::string> names_;
  std::optional<dim> batch_;
};

} // namespace

std::string check_parts(const model::parts& p) {
  try {
    checker(p).run();
    return {};
  } catch (const flaw& f) {
    return f.what();
  }
}

} // namespace baton::metadata
