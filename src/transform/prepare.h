/* prepare.h: private to transform/. */
#ifndef TRANSFORM_PREPARE_H
#define TRANSFORM_PREPARE_H

#include "transform/run.h"

/* Opens the warehouse; makes the schemas of the nodes that run; fills the relation cache. Main
 * thread, before any task. */
MUST bool runner_prepare(Runner *runner, Bits runs, Err *err);

#endif
