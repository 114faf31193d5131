#include "tests/onnx/onnx_case.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <set>
#include <stdexcept>

#include "metadata/importer/onnx_types.hpp"
#include "metadata/numeric.hpp"
#include "metadata/onnx_import.hpp"
#include "tests/metadata/temporary_file.hpp"

namespace baton::testing {

namespace fs = std::filesystem;
using metadata::element_type;
using metadata::tensor;

namespace {

constexpr double relative = 1e-3;
constexpr double absolute = 1e-5;
/// The stored results of casts to bfloat16 are cut off; later versions of ONNX round to nearest, as we do.
constexpr double last_bit = 1.0 / 128;

template <class Message>
Message parse(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  Message message;
  if (!message.ParseFromIstream(&in))
    throw std::runtime_error(file.string() + " cannot be parsed");
  return message;
}

fs::path data_set(const fs::path& folder, int set) {
  return folder / ("test_data_set_" + std::to_string(set));
}

onnx::TensorProto stored(const fs::path& folder, int set, const char* what, int i) {
  return parse<onnx::TensorProto>(data_set(folder, set) / (std::string(what) + '_' + std::to_string(i) + ".pb"));
}

/// `declared` is the model's type: files of bfloat16 say uint16.
tensor to_tensor(const onnx::TensorProto& t, element_type declared) {
  auto type = metadata::importer::from_onnx(t.data_type());
  if (declared == element_type::bfloat16 && type == element_type::uint16)
    type = declared;
  if (!type)
    throw std::runtime_error("a stored tensor holds " + metadata::importer::onnx_type_name(t.data_type()));
  tensor result(*type, {t.dims().begin(), t.dims().end()});
  if (t.has_raw_data()) {
    if (t.raw_data().size() != result.bytes())
      throw std::runtime_error("a stored tensor has the wrong size");
    std::memcpy(result.mutable_data(), t.raw_data().data(), result.bytes());
    return result;
  }
  const auto fill = [&](const auto& list) {
    if (static_cast<std::size_t>(list.size()) != result.elements())
      throw std::runtime_error("a stored tensor has the wrong size");
    const auto halves = *type == element_type::float16 || *type == element_type::bfloat16;
    with_type(halves ? element_type::uint16 : *type, [&]<class T>(std::type_identity<T>) {
      for (int i = 0; i < list.size(); ++i)
        result.as_mutable<T>()[static_cast<std::size_t>(i)] = metadata::to_element<T>(list[i]);
    });
  };
  if (t.float_data_size() > 0)
    fill(t.float_data());
  else if (t.double_data_size() > 0)
    fill(t.double_data());
  else if (t.int64_data_size() > 0)
    fill(t.int64_data());
  else if (t.uint64_data_size() > 0)
    fill(t.uint64_data());
  else
    fill(t.int32_data());
  return result;
}

/// What is wrong with the result; empty if it is the one wanted.
std::string difference(const tensor& got, const tensor& wanted) {
  if (got.type() != wanted.type())
    return "it is " + std::string(numpy_name(got.type())) + ", not " + std::string(numpy_name(wanted.type()));
  if (got.shape() != wanted.shape())
    return "its shape is another";
  const auto exact = wanted.type() != element_type::float32 && wanted.type() != element_type::float64
                     && wanted.type() != element_type::float16 && wanted.type() != element_type::bfloat16;
  if (exact)
    return std::memcmp(got.data(), wanted.data(), got.bytes()) == 0 ? "" : "its whole numbers differ";
  const auto within = wanted.type() == element_type::bfloat16 ? last_bit : relative;
  const auto x = metadata::converted(got, element_type::float64);
  const auto y = metadata::converted(wanted, element_type::float64);
  for (std::size_t i = 0; i < x.elements(); ++i) {
    const auto a = x.as<double>()[i];
    const auto b = y.as<double>()[i];
    const auto same = a == b || (std::isnan(a) && std::isnan(b)) || std::abs(a - b) <= absolute + within * std::abs(b);
    if (!same)
      return "its element " + std::to_string(i) + " is " + std::to_string(a) + ", not " + std::to_string(b);
  }
  return {};
}

/// The file with those inputs as initializers.
std::string frozen(onnx::ModelProto model, const fs::path& folder, int first_constant) {
  auto& g = *model.mutable_graph();
  for (int i = first_constant; i < g.input_size(); ++i) {
    auto t = stored(folder, 0, "input", i);
    t.set_name(g.input(i).name());
    *g.add_initializer() = t;
  }
  return model.SerializeAsString();
}

} // namespace

onnx_case::onnx_case(const fs::path& folder) : folder_(folder), model_(parse<onnx::ModelProto>(folder / "model.onnx")) {
  std::set<std::string> all;
  for (const auto& n : model_.graph().node())
    all.insert((n.domain().empty() ? "" : n.domain() + '.') + n.op_type());
  operators_.assign(all.begin(), all.end());
}

outcome onnx_case::run(bench_device& on) const {
  auto result = run(on, model_);
  if (result.is != verdict::refused || opset() >= 7)
    return result;
  // Most operators stayed as they were in opset 7; what changed has attributes that are refused.
  const auto again = run_as(on, 7);
  return again.is == verdict::refused ? result : again.is == verdict::failed ? again : outcome{verdict::renamed, {}};
}

outcome onnx_case::run_as(bench_device& on, std::int64_t opset) const {
  auto renamed = model_;
  renamed.mutable_opset_import(0)->set_version(opset);
  return run(on, renamed);
}

outcome onnx_case::run(bench_device& on, const onnx::ModelProto& model) const {
  const auto& given = model.graph().input();
  const auto inputs = given.size();
  auto last = run(on, model, inputs);
  if (last.is != verdict::refused
      || std::any_of(given.begin(), given.end(), [](const auto& i) { return !i.type().has_tensor_type(); }))
    return last;
  for (const auto& [first, as] : {std::pair{1, verdict::as_layers}, std::pair{0, verdict::constant}}) {
    if (first >= inputs || !fs::exists(data_set(folder_, 0) / ("input_" + std::to_string(inputs - 1) + ".pb")))
      continue;
    last = run(on, model, first);
    if (last.is == verdict::passed)
      return {as, {}};
    if (last.is == verdict::failed)
      return last;
  }
  return last;
}

outcome onnx_case::run(bench_device& on, const onnx::ModelProto& given, int first_constant) const {
  const temporary_file file(".onnx");
  file.write(first_constant < given.graph().input_size() ? frozen(given, folder_, first_constant)
                                                         : given.SerializeAsString());
  const auto model = metadata::import_onnx(file.path(), "m");
  if (!model)
    return {verdict::refused, model.error().message};
  for (int set = 0; fs::exists(data_set(folder_, set)); ++set) {
    try {
      std::vector<tensor> inputs;
      for (std::size_t i = 0; i < (*model)->inputs().size(); ++i)
        inputs.push_back(to_tensor(stored(folder_, set, "input", static_cast<int>(i)),
                                   (*model)->values()[(*model)->inputs()[i]].type));
      const auto symbols = (*model)->bind(inputs);
      if (!symbols)
        return {verdict::refused, symbols.error().message};
      auto weights = demand(on.home().load_weights(*model));
      const auto plan = on.get().build_plan(*model, weights, *symbols);
      if (!plan)
        return {verdict::refused, plan.error().message};
      const auto got = on.infer(**plan, inputs);
      for (std::size_t i = 0; i < got.size(); ++i)
        if (const auto wrong =
                difference(got[i], to_tensor(stored(folder_, set, "output", static_cast<int>(i)), got[i].type()));
            !wrong.empty())
          return {verdict::failed, "output " + std::to_string(i) + ": " + wrong};
    } catch (const std::exception& e) {
      return {verdict::failed, e.what()};
    }
  }
  return {verdict::passed, {}};
}

} // namespace baton::testing
