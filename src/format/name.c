/* name.c: the format of an answer or file by what it is called. */
#include "format/format.h"

typedef struct Suffix {
    const char *text;
    RecordFormat format;
} Suffix;

RecordFormat format_of_name(Str name)
{
    static const char *const packed[] = {".gz", ".zst", ".zstd", ".bz2", ".xz", ".zip"};
    static const Suffix suffixes[] = {
        {".json", FORMAT_JSON},       {".geojson", FORMAT_JSON}, {".jsonl", FORMAT_JSONL},
        {".ndjson", FORMAT_JSONL},    {".csv", FORMAT_CSV},      {".tsv", FORMAT_CSV},
        {".psv", FORMAT_CSV},         {".txt", FORMAT_CSV},      {".xml", FORMAT_XML},
        {".parquet", FORMAT_PARQUET}, {".pq", FORMAT_PARQUET},   {".xlsx", FORMAT_EXCEL},
        {".xlsm", FORMAT_EXCEL},
    };
    Arena scratch = {0};
    Str low = str_lower(&scratch, name);
    RecordFormat format = FORMAT_AUTO;
    for (size_t i = 0; i < COUNT_OF(packed); i++)
        if (str_ends(low, str_of(packed[i])))
            low = str_slice(low, 0, low.len - strlen(packed[i]));
    for (size_t i = 0; i < COUNT_OF(suffixes); i++)
        if (str_ends(low, str_of(suffixes[i].text)))
            format = suffixes[i].format;
    arena_drop(&scratch);
    return format;
}

RecordFormat format_of_content_type(Str type)
{
    static const Suffix types[] = {
        {"application/json", FORMAT_JSON},
        {"text/json", FORMAT_JSON},
        {"application/x-ndjson", FORMAT_JSONL},
        {"application/ndjson", FORMAT_JSONL},
        {"application/jsonl", FORMAT_JSONL},
        {"application/x-jsonlines", FORMAT_JSONL},
        {"application/jsonlines", FORMAT_JSONL},
        {"text/csv", FORMAT_CSV},
        {"application/csv", FORMAT_CSV},
        {"text/tab-separated-values", FORMAT_CSV},
        {"application/xml", FORMAT_XML},
        {"text/xml", FORMAT_XML},
        {"application/vnd.apache.parquet", FORMAT_PARQUET},
        {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", FORMAT_EXCEL},
    };
    ptrdiff_t end = str_find_char(type, ';');
    Arena scratch = {0};
    Str bare = str_lower(&scratch, str_trim(end < 0 ? type : str_slice(type, 0, (size_t)end)));
    RecordFormat format = str_ends(bare, STR("+json"))  ? FORMAT_JSON
                          : str_ends(bare, STR("+xml")) ? FORMAT_XML
                                                        : FORMAT_AUTO;
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (str_is(bare, types[i].text))
            format = types[i].format;
    arena_drop(&scratch);
    return format;
}
