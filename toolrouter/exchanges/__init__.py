"""Call → provider → call: what people approved is claimed, done once, looked for and compared.

An exchange owns its transactions, as a use-case does; none is open while a provider is asked.
"""
