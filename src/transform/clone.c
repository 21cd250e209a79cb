/* clone.c: `clone`: relations of the state stand in for those of this environment. */
#include "transform/run.h"

bool clone_execute(NodeRun *run, NodeResult *result, Err *err)
{
    Value response;
    TRY(run_materialization(run, STR("clone"), err));
    TRY(run_main_result(run, "response", &response, err));
    result->status = STATUS_SUCCESS;
    result->message = STR("No-op");
    result->adapter_response = value_dict(run->arena);
    if (value_is_undefined(response))
        return true;
    AUTO(text) Text message = {0};
    Value said = response.kind == VALUE_DICT ? value_get(response, "_message") : response;
    value_print(said, &message);
    result->message = text_copy(run->arena, &message);
    if (response.kind == VALUE_DICT)
        result->adapter_response = response;
    return true;
}
