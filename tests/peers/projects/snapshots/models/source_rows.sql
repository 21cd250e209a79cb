{% if var('day') == 1 %}
select * from (values (1, 'a', timestamp '2020-01-01'), (2, 'b', timestamp '2020-01-01')) t(id, v, updated_at)
{% else %}
select * from (values (1, 'a2', timestamp '2020-01-02'), (3, 'c', timestamp '2020-01-02')) t(id, v, updated_at)
{% endif %}
