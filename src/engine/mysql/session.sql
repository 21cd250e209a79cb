-- Run once on every connection. TIMESTAMPs come as UTC, CHARs without padding, long streams are not cut by the
-- server's timers; what the user's queries mean is left alone.
set session time_zone = '+00:00',
    sql_mode = replace(@@session.sql_mode, 'PAD_CHAR_TO_FULL_LENGTH', ''),
    sql_select_limit = 18446744073709551615,
    wait_timeout = 604800,
    net_read_timeout = 86400,
    net_write_timeout = 86400
    /*M!100101 , max_statement_time = 0 */
    /*!50708 , max_execution_time = 0 */;
set session transaction isolation level repeatable read
