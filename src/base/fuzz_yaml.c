/* fuzz_yaml.c: any bytes: a tree that prints, or an error. */
#include "base/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena arena = {0};
    AUTO(err) Err err = {0};
    Str source = str_copy(&arena, (Str){(const char *)data, size});
    YamlDoc doc;
    if (yaml_parse(&arena, source, STR("fuzz"), &doc, &err)) {
        AUTO(text) Text out = {0};
        yaml_print(doc.root, true, &out);
    }
    arena_drop(&arena);
    return 0;
}
