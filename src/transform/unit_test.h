/* unit_test.h: private to transform/: unit tests of models. */
#ifndef TRANSFORM_UNIT_TEST_H
#define TRANSFORM_UNIT_TEST_H

#include "transform/run.h"

/* Compiles the tested model with its inputs replaced by the given rows, runs it beside the expected
 * rows and compares. Fails for what keeps the query from running; then result->culprit may name
 * the input it is about. */
MUST bool unit_test_execute(NodeRun *run, NodeResult *result, Err *err);

/* What ref(), source() and `this` are in a NodeRun that has `unit` set: CTEs of given rows. */
MUST bool unit_test_ref(NodeRun *run, const RefCall *ref, Value *out, Err *err);
MUST bool unit_test_source(NodeRun *run, Str source, Str table, Value *out, Err *err);
Value unit_test_this(NodeRun *run);

/* var() there: the overrides first. */
bool unit_test_var(Context *context, Str name, Value *out, bool *is_found, Err *err);

#endif
