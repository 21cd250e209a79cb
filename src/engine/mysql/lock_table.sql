-- {relation}: its quoted name. Waits for transactions that have written to it, keeps others from writing to it.
set session lock_wait_timeout = 2;
lock tables {relation} read
