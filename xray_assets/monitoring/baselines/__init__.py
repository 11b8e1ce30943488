"""What days are compared with: of which days it is made (`window`), frozen (`frozen`), made and
found again (`store`), renewed by a person (`renewal`).
"""
