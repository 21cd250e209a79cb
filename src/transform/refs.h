/* refs.h: private to transform/: the callables `ref` and `source` of the run phase. */
#ifndef TRANSFORM_REFS_H
#define TRANSFORM_REFS_H

#include "base/object.h"

typedef struct NodeRun NodeRun;

typedef struct Resolver {
    Object base;
    const NodeRun *run;
} Resolver;

/* `ref` or `source` of a node's templates. Owner: the run's arena. */
Value run_resolver(const NodeRun *run, bool is_source);
/* runtime_config.c: ref.config. */
bool run_resolver_get(Object *self, Arena *arena, Str name, Value *out, Err *err);

#endif
