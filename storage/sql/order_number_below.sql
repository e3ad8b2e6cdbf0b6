SELECT max(number)
FROM orders
WHERE number < ?1
