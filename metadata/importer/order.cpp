#include "metadata/importer/order.hpp"

#include <functional>
#include <queue>
#include <unordered_map>
#include <unordered_set>

#include "metadata/defaults.hpp"
#include "metadata/importer/problem.hpp"

namespace baton::metadata::importer {

const std::string& name_of(const onnx::NodeProto& node) {
  if (node.name().empty())
    for (const auto& output : node.output())
      if (!output.empty())
        return output;
  return node.name();
}

std::string who(const onnx::NodeProto& node) {
  return "node '" + name_of(node) + "' (" + node.op_type() + "): ";
}

namespace {

class sorter {
public:
  sorter(const onnx_file& file, collector& problems)
      : file_(file), problems_(problems), waits_(file.nodes.size()), readers_(file.nodes.size()),
        left_out_(file.nodes.size()) {}

  std::vector<std::uint32_t> run() {
    index_names();
    for (std::uint32_t n = 0; n < file_.nodes.size(); ++n)
      if (!left_out_[n])
        left_out_[n] = !problems_.attempt([&] { link(n); });
    // The lowest ready node first: a sorted file keeps its order.
    std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> ready;
    for (std::uint32_t n = 0; n < waits_.size(); ++n)
      if (waits_[n] == 0)
        ready.push(n);
    std::vector<std::uint32_t> order;
    std::size_t seen = 0;
    while (!ready.empty()) {
      const auto n = ready.top();
      ready.pop();
      if (!left_out_[n])
        order.push_back(n);
      ++seen;
      for (const auto reader : readers_[n])
        if (--waits_[reader] == 0)
          ready.push(reader);
    }
    if (seen < waits_.size())
      problems_.attempt([&] { refuse_cycle(); });
    return order;
  }

private:
  void index_names() {
    std::unordered_set<std::string> initializers;
    for (const auto& t : file_.initializers)
      problems_.attempt([&] {
        demand(!t.name.empty(), "an initializer has no name");
        demand(initializers.insert(t.name).second, "two initializers are called '" + t.name + "'");
      });
    given_ = initializers;
    std::unordered_set<std::string> inputs;
    for (const auto& i : file_.inputs) {
      problems_.attempt([&] { demand(inputs.insert(i.name()).second, "two inputs are called '" + i.name() + "'"); });
      given_.insert(i.name());
    }
    for (std::uint32_t n = 0; n < file_.nodes.size(); ++n)
      left_out_[n] = !problems_.attempt([&] { index_results(n); });
  }

  void index_results(std::uint32_t n) {
    const auto& node = file_.nodes[n].proto;
    demand(static_cast<std::size_t>(node.output_size()) <= defaults::max_operands
               && static_cast<std::size_t>(node.input_size()) <= defaults::max_operands,
           who(node) + "it has too many inputs or outputs");
    for (const auto& name : node.output()) {
      if (name.empty())
        continue;
      demand(!given_.contains(name), who(node) + "it writes '" + name + "', which is an input or initializer");
      demand(writer_.emplace(name, n).second, who(node) + "it writes '" + name + "', which another node writes too");
    }
  }

  void link(std::uint32_t n) {
    const auto& node = file_.nodes[n].proto;
    for (const auto& name : node.input()) {
      if (name.empty() || given_.contains(name))
        continue;
      const auto found = writer_.find(name);
      demand(found != writer_.end(), who(node) + "it reads '" + name + "', which nothing produces");
      readers_[found->second].push_back(n);
      ++waits_[n];
    }
  }

  /// Names a node on the cycle: going back over unsorted writers must meet one again.
  [[noreturn]] void refuse_cycle() const {
    std::uint32_t n = 0;
    while (waits_[n] == 0)
      ++n;
    std::vector<bool> seen(waits_.size());
    while (!seen[n]) {
      seen[n] = true;
      for (const auto& name : file_.nodes[n].proto.input())
        if (const auto found = writer_.find(name); found != writer_.end() && waits_[found->second] > 0) {
          n = found->second;
          break;
        }
    }
    throw problem(who(file_.nodes[n].proto) + "it depends on its own result: the graph has a cycle");
  }

  const onnx_file& file_;
  collector& problems_;
  std::unordered_set<std::string> given_; // inputs and initializers
  std::unordered_map<std::string, std::uint32_t> writer_;
  std::vector<std::uint32_t> waits_;
  std::vector<std::vector<std::uint32_t>> readers_;
  std::vector<bool> left_out_; // for a problem of their own
};

} // namespace

std::vector<std::uint32_t> order_nodes(const onnx_file& file, collector& problems) {
  return sorter(file, problems).run();
}

} // namespace baton::metadata::importer
