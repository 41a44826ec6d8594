namespace Grantkeeper.Launcher.Demo;

/// <summary>What befalls a refresh.</summary>
internal enum Accident
{
    /// <summary>Two nodes refresh the same expired grant at once.</summary>
    TwoNodes,

    /// <summary>The database is down when the provider's answer comes; then the node is killed.</summary>
    DatabaseDown,

    /// <summary>The node is killed after the provider has replaced the token and before its answer arrives.</summary>
    AnswerLost,
}

/// <summary>How accidents are named.</summary>
internal static class AccidentNames
{
    /// <summary>In a line of the table.</summary>
    public static string Title(this Accident accident) => accident switch
    {
        Accident.TwoNodes => "two nodes refresh one grant at once",
        Accident.DatabaseDown => "database down at the answer, then kill -9",
        _ => "kill -9 before the answer comes",
    };

    /// <summary>In JSON.</summary>
    public static string Key(this Accident accident) => accident switch
    {
        Accident.TwoNodes => "two_nodes_at_once",
        Accident.DatabaseDown => "database_down_then_kill",
        _ => "kill_before_answer",
    };
}
