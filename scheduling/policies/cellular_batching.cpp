#include <algorithm>
#include <map>
#include <vector>

#include "scheduling/defaults.hpp"
#include "scheduling/policies/joining.hpp"
#include "scheduling/policies/policies.hpp"

namespace baton::scheduling::policies {

namespace {

class cellular_batching final : public policy {
public:
  explicit cellular_batching(joining_options o) : options_(o) {}

  std::string_view name() const override { return "cellular_batching"; }
  std::int64_t rank(const waiting_task& t) const override { return t.deadline.count(); }
  bool chooses_among_shapes() const override { return true; }
  std::int64_t most_rows() const override { return options_.most_rows; }

  /// It takes nothing back: what is in a cell comes back by itself. So only a free lane decides anything, but for
  /// models without cells, which may stand in line.
  std::optional<decision> decide(const view& v, device_id d) const override {
    if (!v.has_free_lane(d))
      return std::nullopt;
    const auto free = v.running(d).size() < v.devices().at(d).lanes;
    const auto heads = v.heads(d);
    const auto domain = v.devices().at(d).domain;
    const auto goes_on_elsewhere = [&](const waiting_task& h) { // where its values are, at once
      return h.joins && h.laid_out_by != no_device && h.values_in != domain && v.has_free_lane(h.laid_out_by);
    };
    const waiting_task* urgent = nullptr;
    for (const auto& h : heads)
      if (!goes_on_elsewhere(h) && (free || !v.next_cell(h.model, 0)) && v.fits(h.shape, d)
          && (!urgent || comes_before(h, *urgent)))
        urgent = &h;
    if (!urgent)
      return std::nullopt;
    const auto can_meet = [&](const waiting_task& h) {
      return h.joins && (h.laid_out_by == no_device || h.values_in == domain);
    };
    if (!can_meet(*urgent))
      return run(v, gather(v, *urgent, d, options_.most_rows), urgent->at);
    std::vector<waiting_task> all; // of its model, that could meet on this device
    std::copy_if(heads.begin(), heads.end(), std::back_inserter(all),
                 [&](const waiting_task& h) { return h.model == urgent->model && can_meet(h) && v.fits(h.shape, d); });
    std::sort(all.begin(), all.end(), comes_before);
    return next_of(v, d, all);
  }
  std::optional<device_id> next(const view& v, device_id from) const override { return v.next_free(from); }

private:
  /// Tasks in one cell, at any of its steps.
  struct in_cell {
    together all;
    position furthest;
  };

  /// Who has done all cells goes first; then who is on its way to one, up to those who are there, if there is room for
  /// all; then the next steps of the cell with most rows.
  std::optional<decision> next_of(const view& v, device_id d, const std::vector<waiting_task>& all) const {
    const waiting_task* through = nullptr;
    const waiting_task* coming = nullptr;
    std::map<std::uint32_t, in_cell> cells; // by layer
    for (const auto& h : all) {
      const auto cell = v.next_cell(h.model, h.at.layer);
      if (!cell)
        through = !through || h.at > through->at ? &h : through;
      else if (h.at.layer == cell->layer && h.laid_out_by != no_device)
        add(v, d, cells, h);
      else if (!coming)
        coming = &h;
    }
    if (through)
      return start(gather(v, *through, d, options_.most_rows));
    if (coming) {
      const auto cell = v.next_cell(coming->model, coming->at.layer)->layer;
      const auto there = cells.find(cell);
      if (there == cells.end())
        return run(v, gather(v, *coming, d, options_.most_rows), coming->at);
      const auto room = options_.most_rows - there->second.all.rows;
      if (coming->rows <= room && v.predicted_together(*coming, there->second.all.rows + coming->rows, d) > duration{})
        // Its inputs become values where the others have theirs with the first part that it runs.
        return start(gather(v, *coming, d, room), position{cell, coming->at.layer == cell ? 1U : 0U});
    }
    auto fullest = cells.begin(); // the later one of equals
    for (auto c = cells.begin(); c != cells.end(); ++c)
      if (c->second.all.rows >= fullest->second.all.rows)
        fullest = c;
    return run(v, fullest->second.all, fullest->second.furthest);
  }

  /// `h` and what is where it is, as far as there is room.
  void add(const view& v, device_id d, std::map<std::uint32_t, in_cell>& cells, const waiting_task& h) const {
    const auto found = cells.find(h.at.layer);
    if (found == cells.end()) {
      cells[h.at.layer] = {gather(v, h, d, options_.most_rows), h.at};
      return;
    }
    auto& all = found->second.all;
    const auto room = options_.most_rows - all.rows;
    if (h.rows > room)
      return;
    const auto more = gather(v, h, d, room);
    const auto takes = v.predicted_together(h, all.rows + more.rows, d);
    if (takes == duration{})
      return;
    all.others.push_back(more.first.task);
    all.others.insert(all.others.end(), more.others.begin(), more.others.end());
    all.rows += more.rows;
    all.takes = takes;
    found->second.furthest = std::max(found->second.furthest, h.at);
  }

  /// Until it has done some steps of a cell: then others may join.
  static decision run(const view& v, const together& t, position at) {
    const auto cell = v.next_cell(t.first.model, at.layer);
    if (!cell)
      return start(t);
    const auto part = (at.layer == cell->layer ? at.part : 0) + defaults::steps_at_once;
    if (part < cell->steps)
      return start(t, position{cell->layer, part});
    const auto after = v.next_cell(t.first.model, cell->layer + 1);
    return start(t, after ? std::optional(position{after->layer, 0}) : std::nullopt);
  }

  joining_options options_;
};

} // namespace

std::unique_ptr<policy> make_cellular_batching(joining_options o) {
  return std::make_unique<cellular_batching>(o);
}

} // namespace baton::scheduling::policies
