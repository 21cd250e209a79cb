def model(dbt, session):
    dbt.ref("numbers")
    return session.sql("""
        select 'a'::enum('a', 'b') as e, map {'k': 1} as m, 170141183460469231731687303715884105727::hugeint as h,
               timestamp_ns '2020-01-01 00:00:00.123456789' as ns, [1, null] as l, {'x': date '2020-01-01', 'y': [1.5]} as s,
               '5b1a3d3e-7a0c-4b52-9f67-2a3c8f1c3d11'::uuid as u, '{"a": 1}'::json as j, interval '3 days 2 hours' as iv,
               time '10:00:01.5' as tm, timestamptz '2020-01-01 00:00:00+00' as tz, '\\xAA'::blob as b, true as t,
               255::utinyint as ub, 18446744073709551615::ubigint as ul, 1.5::float as f, null as n, '101'::bit as bits,
               [1, 2, 3]::integer[3] as three, 12.34::decimal(30, 4) as d
    """)
