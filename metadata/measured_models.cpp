#include "metadata/measured_models.hpp"

#include <array>
#include <string>

#include "metadata/architectures.hpp"

namespace baton::metadata {

namespace {

/// One layer: ns at 1, 2 and 3 rows.
struct measured_layer {
  std::string_view name;
  std::array<std::int64_t, 3> gtx_1080_ti;
  std::array<std::int64_t, 3> rtx_2060;
};

constexpr measured_layer alexnet_layers[] = {
    {"conv2d", {75266, 89669, 114790}, {68767, 108862, 149728}},
    {"relu", {4352, 6784, 8896}, {4224, 5856, 7296}},
    {"max_pool2d", {8544, 14433, 20001}, {7455, 11232, 16703}},
    {"conv2d", {211719, 207210, 220682}, {214942, 368348, 387296}},
    {"relu", {4001, 5217, 6433}, {3616, 4672, 6080}},
    {"max_pool2d", {6976, 11649, 13536}, {6560, 8991, 11648}},
    {"conv2d", {77380, 94020, 1584842}, {95871, 157406, 214848}},
    {"relu", {3424, 4000, 4448}, {3392, 3808, 4256}},
    {"conv2d", {99301, 135655, 140358}, {148540, 247580, 266720}},
    {"relu", {3201, 3648, 4000}, {3264, 3648, 3840}},
    {"conv2d", {71042, 92739, 94949}, {101407, 178077, 183360}},
    {"relu", {3136, 3584, 3936}, {3200, 3488, 3776}},
    {"max_pool2d", {5952, 6785, 7457}, {4288, 4704, 5376}},
    {"adaptive_avg_pool2d", {8544, 13313, 17505}, {8992, 13888, 18848}},
    {"dropout", {7457, 7233, 7744}, {3648, 3936, 4352}},
    {"linear", {463535, 8512, 8640}, {498265, 519640, 661280}},
    {"relu", {2752, 2336, 2528}, {2944, 3488, 3520}},
    {"dropout", {3935, 3617, 3744}, {3680, 3808, 3840}},
    {"linear", {188711, 5472, 5697}, {219933, 236220, 297888}},
    {"relu", {2656, 2336, 2497}, {2880, 2944, 3168}},
    {"linear", {51106, 5184, 6241}, {57631, 104671, 107265}},
};

constexpr measured_layer resnet_layers[] = {
    {"conv2d", {63651, 98757, 137062}, {85439, 135680, 187582}},
    {"batch_norm", {34786, 121734, 131494}, {136223, 175360, 184415}},
    {"relu", {15840, 33505, 51267}, {17984, 43392, 66432}},
    {"max_pool2d", {27297, 47586, 69731}, {25312, 47456, 69696}},
    {"conv2d", {44034, 65891, 86629}, {56671, 102976, 150464}},
    {"batch_norm", {10848, 18945, 25986}, {11104, 16735, 47903}},
    {"relu", {4352, 6400, 8320}, {4160, 5888, 10656}},
    {"conv2d", {33313, 60387, 85188}, {54368, 101600, 148960}},
    {"batch_norm", {13920, 25568, 43042}, {16384, 26912, 70239}},
    {"relu", {4384, 6464, 9409}, {4160, 5888, 10848}},
    {"conv2d", {34147, 61091, 84900}, {54464, 100735, 149567}},
    {"batch_norm", {9153, 17280, 23489}, {10592, 16704, 47328}},
    {"relu", {4384, 6400, 8384}, {4128, 5856, 10656}},
    {"conv2d", {31713, 60162, 85348}, {54431, 101696, 148321}},
    {"batch_norm", {13888, 26112, 41954}, {16352, 26784, 70111}},
    {"relu", {4384, 6400, 9217}, {4096, 5920, 10016}},
    {"conv2d", {81636, 87908, 119110}, {79200, 574717, 610559}},
    {"batch_norm", {9920, 13120, 14240}, {11295, 12544, 16064}},
    {"relu", {3328, 4480, 5280}, {3392, 4096, 4863}},
    {"conv2d", {54307, 58626, 173255}, {88736, 127712, 168640}},
    {"batch_norm", {10144, 11136, 13441}, {11424, 12416, 15904}},
    {"conv2d", {35073, 35906, 34881}, {23391, 23744, 30401}},
    {"batch_norm", {12770, 17152, 20962}, {15073, 19072, 23487}},
    {"relu", {3520, 4416, 5472}, {3489, 4128, 5184}},
    {"conv2d", {53762, 58210, 170856}, {85183, 128640, 170143}},
    {"batch_norm", {10113, 11745, 13921}, {11487, 12672, 15872}},
    {"relu", {3488, 4384, 5216}, {3392, 4096, 4864}},
    {"conv2d", {46115, 48578, 166503}, {84704, 127807, 170175}},
    {"batch_norm", {14624, 16929, 20897}, {15904, 18656, 23615}},
    {"relu", {3488, 4417, 5472}, {3392, 4096, 5472}},
    {"conv2d", {145286, 145318, 137765}, {105439, 169088, 174399}},
    {"batch_norm", {13440, 14497, 16545}, {15264, 15872, 17408}},
    {"relu", {3264, 3488, 4257}, {2976, 3424, 3776}},
    {"conv2d", {78212, 95972, 278700}, {103327, 170751, 183584}},
    {"batch_norm", {15137, 14592, 18208}, {15423, 15808, 18272}},
    {"conv2d", {38594, 40578, 41346}, {31423, 29632, 30624}},
    {"batch_norm", {16096, 16864, 19617}, {18752, 19263, 21728}},
    {"relu", {3008, 3552, 4000}, {3040, 3425, 3712}},
    {"conv2d", {76579, 95236, 279692}, {101280, 170751, 183392}},
    {"batch_norm", {15073, 14689, 18017}, {15424, 15777, 18400}},
    {"relu", {2976, 3521, 3968}, {2944, 3488, 3712}},
    {"conv2d", {67521, 87077, 279629}, {102015, 168416, 180223}},
    {"batch_norm", {18400, 18498, 22720}, {18783, 19775, 22944}},
    {"relu", {2912, 3584, 3968}, {2976, 3456, 3712}},
    {"conv2d", {228299, 243018, 245739}, {202144, 276127, 277951}},
    {"batch_norm", {22049, 22465, 23457}, {25856, 25344, 25728}},
    {"relu", {2624, 2976, 3136}, {2720, 3520, 3200}},
    {"conv2d", {169095, 169352, 379184}, {256320, 376639, 622462}},
    {"batch_norm", {22753, 23105, 23073}, {25952, 26016, 25696}},
    {"conv2d", {37186, 36097, 52227}, {34592, 43616, 45824}},
    {"batch_norm", {24609, 24610, 25312}, {28352, 28064, 29056}},
    {"relu", {2784, 3040, 3264}, {2720, 2976, 3200}},
    {"conv2d", {167495, 169768, 381424}, {257119, 397215, 623582}},
    {"batch_norm", {23074, 23201, 22977}, {25856, 26112, 26208}},
    {"relu", {2720, 3008, 3136}, {2720, 3072, 3168}},
    {"conv2d", {161160, 162503, 377905}, {257407, 396447, 621726}},
    {"batch_norm", {25889, 26081, 26401}, {28671, 29376, 29312}},
    {"relu", {2784, 3008, 3072}, {2720, 3040, 3168}},
    {"adaptive_avg_pool2d", {7168, 7200, 7200}, {6496, 8000, 8384}},
    {"linear", {11488, 8064, 7488}, {10880, 16288, 47808}},
};

constexpr measured_layer rnn_layers[] = {
    {"fill", {4448, 4448, 4448}, {3937, 3936, 3968}},
    {"forward", {421422, 224199, 229547}, {448951, 514300, 525788}},
    {"linear", {5505, 3360, 3329}, {6784, 7200, 7456}},
};

model_costs measured(std::string name, std::span<const measured_layer> layers, const architecture_sizes& sizes) {
  model_costs costs;
  costs.name = std::move(name);
  costs.weight_bytes = sizes.weight_bytes;
  costs.live_bytes = sizes.live_bytes;
  costs.input_bytes = sizes.live_bytes.front();
  costs.output_bytes = sizes.live_bytes.back();
  for (const auto& l : layers)
    costs.layers.emplace_back(l.name);
  const auto table = [&](auto column) {
    latency_table t{.rows = {1, 2, 3}, .layers = std::vector<std::vector<duration>>(3)};
    for (const auto& l : layers)
      for (std::size_t r = 0; r < 3; ++r)
        t.layers[r].emplace_back((l.*column)[r]);
    return t;
  };
  costs.by_kind.emplace("GTX 1080 Ti", table(&measured_layer::gtx_1080_ti));
  costs.by_kind.emplace("RTX 2060", table(&measured_layer::rtx_2060));
  return costs;
}

std::string plain(std::string_view name) {
  std::string out;
  for (const char c : name)
    if (c != '-')
      out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

} // namespace

std::span<const model_costs> measured_models() {
  static const std::array<model_costs, 3> models{measured("AlexNet", alexnet_layers, alexnet_sizes()),
                                                 measured("ResNet", resnet_layers, resnet18_sizes()),
                                                 measured("rnn", rnn_layers, rnn_sizes())};
  return models;
}

const model_costs* find_measured_model(std::string_view name) {
  auto wanted = plain(name);
  if (wanted == "resnet18")
    wanted = "resnet";
  for (const auto& m : measured_models())
    if (plain(m.name) == wanted)
      return &m;
  return nullptr;
}

} // namespace baton::metadata
