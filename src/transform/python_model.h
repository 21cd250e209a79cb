/* python_model.h: models in Python: their code, and running it. private to transform/ */
#ifndef TRANSFORM_PYTHON_MODEL_H
#define TRANSFORM_PYTHON_MODEL_H

#include "transform/run.h"

/* The model's text and behind it what the library's py_script_postfix gives: dbt.ref() and the like
 * as Python. */
MUST bool python_model_compile(NodeRun *run, Text *out, Err *err);

/* Runs compiled code (submit_python_job): the model's rows become a table by the statements that
 * its `materialize` holds, on the node's connection and in its transaction. */
MUST bool python_model_run(NodeRun *run, Str code, Err *err);

/* Leaves the macros between out of a failure of the model's own. Gives false. */
bool python_model_explain(Err *err);

#endif
