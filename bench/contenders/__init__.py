"""Who answers the questions: a module per contender with `Contender(given)` and its methods by task.

`report()` gives the answers of bench.questions.ROWS, `overview()` and `trend()` their rows. What a method
named `before_` and the task does is done before the clock starts.
"""
