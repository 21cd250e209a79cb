select {{ add(1) }} as eleven, {{ add(1, b=2) }} as three, '{{ lots(1, "b", z=3, y=4) }}' as lots,
    '{% call(x) wrap("b") %}[{{ x }}]{% endcall %}' as wrapped,
    '{{ early(5) }}{{ early(0) }}' as earlies, {{ fact(6) }} as factorial,
    {{ listing(4) | map(attribute='sq') | sum }} as squares
