select '100%' as p, 'a%b' like 'a%' as l, '%s' as s, '{{ "%s-%d" % ("x", 3) }}' as f, '\n' as nl, 'it''s' as q
