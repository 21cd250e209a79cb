/* generate.c: shop-generate, which makes up an e-commerce company's raw data.
 *
 *   shop-generate --out DIR [--orders 100000] [--seed 7]
 *
 * Nine files appear in DIR together or not at all: they are written to a folder beside it, which is
 * then renamed. An earlier DIR made by this program is replaced, any other folder refused. The file
 * generated.txt in it says what made it. Exit codes: 0 done, 1 could not write, 2 wrong arguments.
 */
#include "tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOTE_FILE "generated.txt"
#define PATH_SIZE 4096

#define AS_NAME(id, file, header) file,
static const char *const table_files[] = {TABLES(AS_NAME)};
#undef AS_NAME
#define AS_HEADER(id, file, header) header,
static const char *const table_headers[] = {TABLES(AS_HEADER)};
#undef AS_HEADER

typedef struct Options { const char *out; uint64_t seed, orders; } Options;

static int usage(const char *problem)
{
    fprintf(stderr, "shop-generate: %s\nusage: shop-generate --out DIR [--orders N] [--seed N]\n",
            problem);
    return 2;
}

static bool failed(const char *action, const char *path)
{
    fprintf(stderr, "shop-generate: cannot %s %s: %s\n", action, path, strerror(errno));
    return false;
}

static bool parse_number(const char *text, uint64_t most, uint64_t *out)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != 0 || errno != 0 || number > most)
        return false;
    *out = number;
    return true;
}

/* Joins into `path`; false if it is too long. `file` may be empty. */
static bool path_join(char path[PATH_SIZE], const char *folder, const char *file)
{
    int length = snprintf(path, PATH_SIZE, *file ? "%s/%s" : "%s%s", folder, file);
    errno = ENAMETOOLONG;
    return length < PATH_SIZE || failed("use", folder);
}

/* Removes our files from a folder, and the folder itself if nothing else is in it. */
static bool folder_remove(const char *folder)
{
    char path[PATH_SIZE];
    for (int table = 0; table <= TABLE_COUNT; table++) {
        if (!path_join(path, folder, table < TABLE_COUNT ? table_files[table] : NOTE_FILE))
            return false;
        if (unlink(path) != 0 && errno != ENOENT)
            return failed("remove", path);
    }
    return rmdir(folder) == 0 || errno == ENOENT || failed("remove", folder);
}

static bool note_write(const Shop *shop, const char *folder)
{
    char path[PATH_SIZE];
    if (!path_join(path, folder, NOTE_FILE))
        return false;
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return failed("write", path);
    fprintf(file, "shop-generate orders=%u seed=%llu\n", shop->order_count,
            (unsigned long long)shop->seed);
    for (int table = 0; table < TABLE_COUNT; table++)
        fprintf(file, "%-20s %9llu rows\n", table_files[table],
                (unsigned long long)shop->rows[table]);
    bool is_bad = ferror(file) != 0;
    return (fclose(file) == 0 && !is_bad) || failed("write", path);
}

static bool tables_close(Shop *shop)
{
    bool is_good = true;
    for (int table = 0; table < TABLE_COUNT; table++) {
        if (shop->files[table] == NULL)
            continue;
        bool is_bad = ferror(shop->files[table]) != 0;
        if (fclose(shop->files[table]) != 0 || is_bad)
            is_good = failed("write", table_files[table]);
    }
    return is_good;
}

static bool tables_open(Shop *shop, const char *folder)
{
    static char buffers[TABLE_COUNT][1 << 16];
    for (int table = 0; table < TABLE_COUNT; table++) {
        char path[PATH_SIZE];
        if (!path_join(path, folder, table_files[table]))
            return false;
        shop->files[table] = fopen(path, "w");
        if (shop->files[table] == NULL)
            return failed("write", path);
        setvbuf(shop->files[table], buffers[table], _IOFBF, sizeof(buffers[table]));
        fputs(table_headers[table], shop->files[table]);
    }
    return true;
}

/* Puts the finished folder in the place of the old one, which must be ours or empty. */
static bool folder_publish(const char *fresh, const char *out)
{
    char note[PATH_SIZE], old[PATH_SIZE];
    if (rename(fresh, out) == 0)                /* was absent or empty                            */
        return true;
    if (!path_join(note, out, NOTE_FILE) || !path_join(old, fresh, ""))
        return false;
    if (access(note, F_OK) != 0) {
        fprintf(stderr, "shop-generate: %s exists and was not made by this program\n", out);
        return false;
    }
    size_t length = strlen(old);
    if (length + 5 > PATH_SIZE)
        return failed("use", out);
    memcpy(old + length, ".old", 5);
    if (rename(out, old) != 0)
        return failed("rename", out);
    if (rename(fresh, out) != 0)
        return failed("rename", fresh);
    return folder_remove(old);
}

/* Makes everything in a folder beside `given`, then publishes it. */
static bool generate(Shop *shop, const char *given)
{
    char out[PATH_SIZE], fresh[PATH_SIZE];
    if (!path_join(out, given, ""))
        return false;
    for (size_t end = strlen(out); end > 1 && out[end - 1] == '/'; end--)
        out[end - 1] = 0;                       /* beside DIR/, not in it                         */
    int length = snprintf(fresh, sizeof(fresh), "%s.new-%ld", out, (long)getpid());
    errno = ENAMETOOLONG;
    if (length >= PATH_SIZE)
        return failed("use", out);
    if (mkdir(fresh, 0777) != 0)
        return failed("make folder", fresh);
    bool is_good = tables_open(shop, fresh);
    if (is_good)
        shop_write(shop);
    is_good = tables_close(shop) && is_good;
    is_good = is_good && note_write(shop, fresh) && folder_publish(fresh, out);
    if (!is_good)
        folder_remove(fresh);
    return is_good;
}

int main(int count, char **words)
{
    Options options = {.orders = 100000, .seed = 7};
    for (int i = 1; i < count; i += 2) {
        if (i + 1 == count)
            return usage("every option takes a value");
        if (strcmp(words[i], "--out") == 0)
            options.out = words[i + 1];
        else if (strcmp(words[i], "--orders") == 0) {
            if (!parse_number(words[i + 1], 50000000, &options.orders) || options.orders == 0)
                return usage("--orders takes a number from 1 to 50000000");
        } else if (strcmp(words[i], "--seed") == 0) {
            if (!parse_number(words[i + 1], UINT64_MAX, &options.seed))
                return usage("--seed takes a number");
        } else
            return usage("unknown option");
    }
    if (options.out == NULL || options.out[0] == 0)
        return usage("--out is missing");
    Shop shop = {.seed = options.seed, .order_count = (uint32_t)options.orders};
    shop.product_count = shop.order_count / 3 + 10;
    shop.seller_count = shop.order_count / 32 + 5;
    if (!generate(&shop, options.out))
        return 1;
    for (int table = 0; table < TABLE_COUNT; table++)
        printf("%-20s %9llu rows\n", table_files[table], (unsigned long long)shop.rows[table]);
    return 0;
}
