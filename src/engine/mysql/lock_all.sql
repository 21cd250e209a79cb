-- Keeps everybody from writing anything; needs the privilege RELOAD.
set session lock_wait_timeout = 2;
flush tables with read lock
