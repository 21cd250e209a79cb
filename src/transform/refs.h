/* refs.h: private to transform/: the callables `ref` and `source` of the run phase. */
#ifndef TRANSFORM_REFS_H
#define TRANSFORM_REFS_H

#include "base/object.h"

extern Object run_ref_object, run_source_object;

#endif
