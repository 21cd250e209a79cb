/* hooks.h: private to transform/: what on-run-end hooks see of the run. */
#ifndef TRANSFORM_HOOKS_H
#define TRANSFORM_HOOKS_H

#include "transform/run.h"

/* Sets the runner's `results`, `schemas` and `database_schemas` from the first `count` results.
 * Main thread, after the nodes. */
void hook_names_make(Runner *runner, uint32_t count);

#endif
