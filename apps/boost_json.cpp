// Boost.JSON is used as headers only: this is its one translation unit.
#include <boost/json/src.hpp>
