/* library.c: finding filters, tests, methods and globals by name. */
#include "jinja/filter.h"

typedef struct FilterEntry {
    const char *name;
    FilterFn call;
} FilterEntry;

static const FilterEntry filters[] = {
#define FILTER(name, function) {#name, filter_##function},
#include "jinja/filters.def"
#undef FILTER
};

typedef struct TestEntry {
    const char *name;
    TestFn call;
} TestEntry;

static const TestEntry tests[] = {
#define TEST(name, function) {name, test_##function},
#include "jinja/tests.def"
#undef TEST
};

/* Order of a name and a table's C string. */
static int name_order(Str name, const char *entry)
{
    return str_compare(name, str_of(entry));
}

/* Binary search in a table whose rows begin with the name. */
static const void *row_find(const void *table, size_t count, size_t row_size, Str name)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const char *row = (const char *)table + middle * row_size;
        const char *entry;
        memcpy(&entry, row, sizeof(entry));
        int order = name_order(name, entry);
        if (order == 0)
            return row;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

FilterFn filter_find(Str name)
{
    const FilterEntry *row = row_find(filters, COUNT_OF(filters), sizeof(*filters), name);
    return row ? row->call : NULL;
}

TestFn test_find(Str name)
{
    const TestEntry *row = row_find(tests, COUNT_OF(tests), sizeof(*tests), name);
    return row ? row->call : NULL;
}

Str filter_nearest(Str name)
{
    Str names[COUNT_OF(filters)];
    for (size_t i = 0; i < COUNT_OF(filters); i++)
        names[i] = str_of(filters[i].name);
    return str_nearest(name, names, COUNT_OF(filters));
}

Str test_nearest(Str name)
{
    Str names[COUNT_OF(tests)];
    for (size_t i = 0; i < COUNT_OF(tests); i++)
        names[i] = str_of(tests[i].name);
    return str_nearest(name, names, COUNT_OF(tests));
}

ValueMethodFn value_method_find(Value self, Str name)
{
    const ValueMethod *table;
    uint32_t count;
    switch ((ValueKind)self.kind) {
    case VALUE_TEXT: table = text_methods, count = text_method_total; break;
    case VALUE_LIST: table = list_methods, count = list_method_total; break;
    case VALUE_TUPLE: table = tuple_methods, count = tuple_method_total; break;
    case VALUE_DICT: table = dict_methods, count = dict_method_total; break;
    case VALUE_SET: table = set_methods, count = set_method_total; break;
    case VALUE_BOOL:
    case VALUE_INT: table = int_methods, count = int_method_total; break;
    case VALUE_FLOAT: table = float_methods, count = float_method_total; break;
    default: return NULL;
    }
    const ValueMethod *row = row_find(table, count, sizeof(*table), name);
    return row ? row->call : NULL;
}
