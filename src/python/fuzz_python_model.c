/* fuzz_python_model.c: the text of a Python model. */
#include "python/python.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    __attribute__((cleanup(arena_drop))) Arena arena = {0};
    PythonModel model = {0};
    Err err = {0};
    Str text = {(const char *)data, size};
    if (!python_scan(&arena, STR("model.py"), text, 1, &model, &err))
        assert(err.kind == ERR_PARSING);
    err_drop(&err);
    return 0;
}
