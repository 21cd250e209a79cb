/* Scratch folders, readers of given bytes, servers. */
#include "store/store_test_help.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/process.h"

Str test_folder(Arena *arena)
{
    Str parent = environment_get("TMPDIR");
    Str path = str_print(arena, STR_FMT "/weir-store-XXXXXX",
                         STR_ARG(parent.len ? parent : STR("/tmp")));
    assert_non_null(mkdtemp((char *)(uintptr_t)path.at));
    return path;
}

void test_folder_remove(Str folder)
{
    AUTO(err) Err err = {0};
    MUST_WORK(folder_remove(folder, &err));
}

int folder_set_up(void **state)
{
    AUTO(err) Err err = {0};
    Arena arena = {0};
    FolderPlace *place = NEW(&arena, FolderPlace);
    place->folder = test_folder(&arena);
    MUST_WORK(store_open(&arena, place->folder, NONE, NULL, &place->store, &err));
    place->arena = arena;
    *state = place;
    return 0;
}

int folder_tear_down(void **state)
{
    FolderPlace *place = *state;
    test_folder_remove(place->folder);
    Arena arena = place->arena;
    arena_drop(&arena);
    return 0;
}

typedef struct TestReader {
    Reader reader;
    Str bytes;
    char *copy;                  /* pieces are overwritten by the next one, as with real readers  */
    size_t at, piece_len, fail_at;
} TestReader;

static bool test_next(Reader *reader, Str *piece, Err *err)
{
    TestReader *self = (TestReader *)reader;
    if (self->fail_at && self->at >= self->fail_at)
        return err_set(err, ERR_UNAVAILABLE, NOWHERE, "the wire was cut");
    Str now = str_slice(self->bytes, self->at, self->at + self->piece_len);
    memset(self->copy, '?', self->piece_len);
    memcpy(self->copy, now.at, now.len);
    self->at += now.len;
    reader->raw_bytes += now.len;
    *piece = (Str){self->copy, now.len};
    return true;
}

static const ReaderKind test_reader_kind = {test_next, NULL};

Reader *test_reader(Str bytes, size_t piece_len, size_t fail_at)
{
    Reader *reader = reader_make(sizeof(TestReader), &test_reader_kind, STR("test"), NULL);
    TestReader *self = (TestReader *)reader;
    self->bytes = bytes.at ? bytes : STR("");
    self->piece_len = piece_len;
    self->fail_at = fail_at;
    self->copy = arena_take(&reader->arena, piece_len, 1);
    return reader;
}

bool test_read_all(Reader *reader, Text *out, Err *err)
{
    Str piece;
    bool is_read;
    do {
        is_read = reader_next(reader, &piece, err);
        if (is_read)
            text_add(out, piece);
    } while (is_read && piece.len);
    reader_close(reader);
    return is_read;
}

Str test_bytes(Arena *arena, size_t len, uint32_t seed)
{
    char *at = arena_take(arena, len + 1, 1);
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525 + 1013904223;
        at[i] = (char)('a' + (seed >> 28));
    }
    return (Str){at, len};
}

unsigned test_count(Str folder)
{
    unsigned count = 0;
    DIR *handle = opendir(folder.at);
    assert_non_null(handle);
    while (readdir(handle))
        count++;
    closedir(handle);
    return count - 2;
}

Str test_program(Arena *arena, const char *variable, const char *path, const char *name)
{
    Str given = variable ? environment_get(variable) : STR_NONE;
    if (given.len)
        return str_copy(arena, given);
    if (path && file_exists(str_of(path)))
        return path_absolute(arena, str_of(path));
    Str rest = environment_get("PATH"), folder;
    while (name && rest.at && str_next_part(&rest, ':', &folder)) {
        Str found = path_join(arena, folder, str_of(name));
        if (access(found.at, X_OK) == 0)
            return found;
    }
    Str found = str_print(arena, "/usr/sbin/%s", name ? name : "-");
    return access(found.at, X_OK) == 0 ? found : STR("");
}

static int socket_to(int port, bool is_server)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int done = is_server ? bind(fd, (struct sockaddr *)&at, sizeof(at))
                         : connect(fd, (struct sockaddr *)&at, sizeof(at));
    if (done == 0)
        return fd;
    close(fd);
    return -1;
}

int test_port(void)
{
    int fd = socket_to(0, true);
    struct sockaddr_in at;
    socklen_t len = sizeof(at);
    assert_true(fd >= 0 && getsockname(fd, (struct sockaddr *)&at, &len) == 0);
    close(fd);
    return ntohs(at.sin_port);
}

pid_t test_server(const char *const *argv, int port)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        setpgid(0, 0);
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        if (!environment_get("WEIR_TEST_LOUD").len) {
            dup2(null, 1);
            dup2(null, 2);
        }
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    for (int i = 0; i < 200; i++) {
        int fd = socket_to(port, false);
        if (fd >= 0) {
            close(fd);
            return pid;
        }
        if (waitpid(pid, NULL, WNOHANG) == pid)
            return 0;
        usleep(50000);
    }
    test_server_stop(pid);
    return 0;
}

void test_server_stop(pid_t pid)
{
    if (pid <= 0)
        return;
    kill(-pid, SIGTERM);
    kill(pid, SIGTERM);
    for (int i = 0; i < 100; i++) {
        if (waitpid(pid, NULL, WNOHANG) != 0)
            return;
        usleep(20000);
    }
    kill(-pid, SIGKILL);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}
